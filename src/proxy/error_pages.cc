#include "proxy/error_pages.h"

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/ascii.h"
#include "base/byte_size.h"
#include "base/result.h"

namespace hawser::proxy {

namespace {

struct Suffix {
  std::string_view suffix;
  std::string_view type;
};

constexpr std::array kTypes = std::to_array<Suffix>({
    {".html", "text/html"},
    {".json", "application/json"},
    {".txt", "text/plain"},
    {".xml", "application/xml"},
});

std::string type_of(const std::string& file) {
  const std::string suffix = std::filesystem::path(file).extension().string();
  for (const Suffix& known : kTypes) {
    if (equals_ignoring_case(known.suffix, suffix)) return std::string(known.type);
  }
  return std::string(kTypes.front().type);
}

std::unexpected<Error> refuse(const std::string& file, std::string_view reason) {
  return failure(ErrorCode::invalid_config, file + ": " + std::string(reason));
}

// A device or a pipe would be read without end.
Result<std::size_t> size_of(const std::string& file) {
  std::error_code error;
  const auto type = std::filesystem::status(file, error).type();
  if (error) return std::unexpected(system_error(file, error.value()));
  if (type != std::filesystem::file_type::regular) return refuse(file, "is not a regular file");
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  if (error) return std::unexpected(system_error(file, error.value()));
  if (size > ErrorPages::kMaxFileSize) {
    return refuse(file, "is larger than " + to_string(ByteSize{ErrorPages::kMaxFileSize}));
  }
  return static_cast<std::size_t>(size);
}

Result<std::string> read_page(const std::string& file) {
  const auto size = size_of(file);
  if (!size) return std::unexpected(size.error());
  errno = 0;
  std::ifstream input(file, std::ios::binary);
  if (!input) return std::unexpected(system_error(file, errno));
  std::string text(*size, '\0');
  input.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (static_cast<std::size_t>(input.gcount()) != text.size()) return refuse(file, "cannot be read to its end");
  return text;
}

}  // namespace

std::shared_ptr<const ErrorPages> ErrorPages::load(const std::vector<config::ErrorPage>& pages,
                                                   const ErrorPages* fallback, config::Diagnostics& diagnostics) {
  if (pages.empty() && fallback == nullptr) return nullptr;
  auto loaded = std::make_shared<ErrorPages>();
  for (const config::ErrorPage& page : pages) {
    auto text = read_page(page.file);
    if (!text) {
      diagnostics.push_back({page.where, text.error().message});
      continue;
    }
    const auto content = std::make_shared<ErrorPageContent>(type_of(page.file), std::move(*text));
    for (const config::StatusRange& range : page.statuses) {
      for (int status = range.first; status <= range.last; ++status) loaded->pages_.emplace(status, content);
    }
  }
  if (fallback != nullptr) loaded->pages_.insert(fallback->pages_.begin(), fallback->pages_.end());
  return loaded;
}

const ErrorPageContent* ErrorPages::find(int status) const noexcept {
  const auto found = pages_.find(status);
  return found != pages_.end() ? found->second.get() : nullptr;
}

}  // namespace hawser::proxy
