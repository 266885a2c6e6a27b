#include "config/vim_syntax.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "support/catch.h"

namespace hawser::config {

// Written anew with HAWSER_WRITE_VIM=1 config_test "Vim's syntax file is made from the table"
TEST_CASE("Vim's syntax file is made from the table") {
  const auto file = std::filesystem::path(HAWSER_SOURCE_DIR) / "packaging/editors/vim/syntax/hawser.vim";
  if (std::getenv("HAWSER_WRITE_VIM") != nullptr) std::ofstream(file, std::ios::binary) << vim_syntax();
  std::ifstream stream(file, std::ios::binary);
  CHECK(std::string(std::istreambuf_iterator<char>(stream), {}) == vim_syntax());
}

}  // namespace hawser::config
