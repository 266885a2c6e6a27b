#include "tls/trust.h"

#include <mutex>
#include <new>

#include "tls/openssl_error.h"
#include "tls/pem_file.h"

namespace hawser::tls {
namespace {

TrustStore create_store() {
  TrustStore store(X509_STORE_new(), X509_STORE_free);
  if (store == nullptr) throw std::bad_alloc();
  return store;
}

Result<TrustStore> load_system() {
  TrustStore store = create_store();
  if (X509_STORE_set_default_paths(store.get()) != 1) return openssl_refusal("the system's certificate authorities");
  return store;
}

// The one state of this room that outlives its users, and only as a way to find each other: nothing is kept by it.
Result<TrustStore> share_system() {
  static constinit std::mutex mutex;
  static constinit std::weak_ptr<X509_STORE> shared;
  const std::lock_guard lock(mutex);
  if (TrustStore store = shared.lock()) return store;
  auto store = load_system();
  if (store) shared = *store;
  return store;
}

Result<TrustStore> load_authorities(const std::string& ca_file) {
  const auto certificates = read_certificates(ca_file);
  if (!certificates) return std::unexpected(certificates.error());
  TrustStore store = create_store();
  for (const X509Handle& certificate : *certificates) {
    if (X509_STORE_add_cert(store.get(), certificate.get()) != 1) return openssl_refusal(ca_file);
  }
  return store;
}

Status add_revocation_lists(X509_STORE* store, const std::string& crl_file) {
  const auto lists = read_revocation_lists(crl_file);
  if (!lists) return std::unexpected(lists.error());
  for (const RevocationListHandle& list : *lists) {
    if (X509_STORE_add_crl(store, list.get()) != 1) return openssl_refusal(crl_file);
  }
  return {};
}

}  // namespace

Result<TrustStore> load_trust(const std::string& ca_file, const std::string& crl_file) {
  if (ca_file.empty() && crl_file.empty()) return share_system();
  auto store = ca_file.empty() ? load_system() : load_authorities(ca_file);
  if (!store || crl_file.empty()) return store;
  if (auto status = add_revocation_lists(store->get(), crl_file); !status) return std::unexpected(status.error());
  return store;
}

}  // namespace hawser::tls
