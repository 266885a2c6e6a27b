#include "tls/pem_file.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "tls/openssl_error.h"

namespace hawser::tls {
namespace {

// OpenSSL would ask at the terminal.
int refuse_pass_phrase(char* /*buffer*/, int /*size*/, int /*for_writing*/, void* /*context*/) { return -1; }

std::unexpected<Error> refuse(const std::string& file, std::string_view reason) {
  return failure(ErrorCode::invalid_config, file + ": " + std::string(reason));
}

// A device or a pipe would be read without end.
Result<BioHandle> open_file(const std::string& file) {
  std::error_code error;
  const auto type = std::filesystem::status(file, error).type();
  if (!error && type != std::filesystem::file_type::regular) return refuse(file, "is not a regular file");
  errno = 0;
  BioHandle bio(BIO_new_file(file.c_str(), "r"));
  if (bio != nullptr) return bio;
  const int error_number = errno;
  ERR_clear_error();
  return failure(ErrorCode::invalid_config, system_error(file, error_number).message);
}

// Whether reading stopped because no further PEM block follows; otherwise a block is damaged. Keys pass through
// OpenSSL's decoders, which call a file without any block unsupported.
bool take_end_of_pem() noexcept {
  const unsigned long error = ERR_peek_last_error();
  const int library = ERR_GET_LIB(error);
  const int reason = ERR_GET_REASON(error);
  const bool is_end = (library == ERR_LIB_PEM && reason == PEM_R_NO_START_LINE) ||
                      (library == ERR_LIB_OSSL_DECODER && reason == ERR_R_UNSUPPORTED);
  if (!is_end) return false;
  ERR_clear_error();
  return true;
}

// Every block of one kind, which `read` takes from a file one after the other.
template <class Handle, auto read>
Result<std::vector<Handle>> read_all(const std::string& file, const std::string& kind) {
  ERR_clear_error();
  auto bio = open_file(file);
  if (!bio) return std::unexpected(bio.error());
  std::vector<Handle> blocks;
  while (auto* const next = read(bio->get(), nullptr, refuse_pass_phrase, nullptr)) blocks.emplace_back(next);
  if (!take_end_of_pem()) return refuse(file, "damaged " + kind + ": " + take_openssl_reason());
  if (blocks.empty()) return refuse(file, "no PEM " + kind + " in it");
  return blocks;
}

}  // namespace

Result<std::vector<X509Handle>> read_certificates(const std::string& file) {
  return read_all<X509Handle, PEM_read_bio_X509>(file, "certificate");
}

Result<std::vector<RevocationListHandle>> read_revocation_lists(const std::string& file) {
  return read_all<RevocationListHandle, PEM_read_bio_X509_CRL>(file, "revocation list");
}

Result<KeyHandle> read_private_key(const std::string& file) {
  ERR_clear_error();
  auto bio = open_file(file);
  if (!bio) return std::unexpected(bio.error());
  KeyHandle key(PEM_read_bio_PrivateKey(bio->get(), nullptr, refuse_pass_phrase, nullptr));
  if (key != nullptr) return key;
  if (take_end_of_pem()) return refuse(file, "no PEM private key in it");
  const int reason = ERR_GET_REASON(ERR_peek_error());
  if (reason == PEM_R_BAD_PASSWORD_READ || reason == PEM_R_PROBLEMS_GETTING_PASSWORD) {
    ERR_clear_error();
    return refuse(file, "the private key needs a pass phrase; store it without one");
  }
  return refuse(file, "not a PEM private key: " + take_openssl_reason());
}

}  // namespace hawser::tls
