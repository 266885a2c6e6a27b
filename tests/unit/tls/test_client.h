// OpenSSL's own client over memory BIOs, against which the server side is tested.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "tls/openssl_handle.h"

namespace hawser::tls {

class TestClient {
 public:
  struct Options {
    int version = TLS1_3_VERSION;
    std::string server_name = {};
    std::string protocols = {};  // as on the wire, each after its length
    std::string ciphers = {};    // TLS 1.2
    std::string signatures = {};
  };

  explicit TestClient(const Options& options, SSL_SESSION* session = nullptr)
      : context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_min_proto_version(context_.get(), options.version);
    SSL_CTX_set_max_proto_version(context_.get(), options.version);
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context_.get(), keep_session);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_app_data(ssl_.get(), this);
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_.get());
    if (!options.server_name.empty()) SSL_set_tlsext_host_name(ssl_.get(), options.server_name.c_str());
    if (!options.ciphers.empty()) SSL_set_cipher_list(ssl_.get(), options.ciphers.c_str());
    if (!options.signatures.empty()) SSL_set1_sigalgs_list(ssl_.get(), options.signatures.c_str());
    SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(options.protocols.data()),
                        static_cast<unsigned int>(options.protocols.size()));
    if (session != nullptr) SSL_set_session(ssl_.get(), session);
  }

  // Goes as far as what was given allows; afterwards see is_connected and alert.
  void handshake() {
    ERR_clear_error();  // the server's are in the same queue
    note(SSL_do_handshake(ssl_.get()));
  }
  void give(std::string_view bytes) {
    BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
  }
  std::string take() {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(SSL_get_wbio(ssl_.get()), &bytes);
    std::string taken(bytes, static_cast<std::size_t>(size));
    BIO_reset(SSL_get_wbio(ssl_.get()));
    return taken;
  }
  void write(std::string_view bytes) {
    ERR_clear_error();
    if (!bytes.empty()) note(SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())));
  }
  std::string read() {
    ERR_clear_error();
    std::string bytes;
    char piece[16384];
    int size = 0;
    while ((size = SSL_read(ssl_.get(), piece, sizeof piece)) > 0) bytes.append(piece, static_cast<std::size_t>(size));
    note(size);
    return bytes;
  }
  void shutdown() { SSL_shutdown(ssl_.get()); }

  [[nodiscard]] bool is_connected() const { return SSL_is_init_finished(ssl_.get()) == 1; }
  [[nodiscard]] bool has_close_notify() const { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }
  // The alert the server sent, as SSL_AD_…; 0 when none came.
  [[nodiscard]] int alert() const { return alert_; }
  [[nodiscard]] std::string server_certificate_name() const {
    const X509Handle certificate(SSL_get1_peer_certificate(ssl_.get()));
    if (certificate == nullptr) return {};
    char name[256] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name, sizeof name);
    return name;
  }
  [[nodiscard]] std::string protocol() const {
    const unsigned char* name = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }
  [[nodiscard]] bool is_resumed() const { return SSL_session_reused(ssl_.get()) == 1; }
  [[nodiscard]] SSL_SESSION* session() const { return session_.get(); }
  [[nodiscard]] SSL* ssl() const { return ssl_.get(); }

 private:
  static int keep_session(SSL* ssl, SSL_SESSION* session) {
    static_cast<TestClient*>(SSL_get_app_data(ssl))->session_.reset(session);
    return 1;
  }
  void note(int outcome) {
    if (outcome <= 0 && SSL_get_error(ssl_.get(), outcome) == SSL_ERROR_SSL) {
      const int reason = ERR_GET_REASON(ERR_peek_error());
      if (reason > SSL_AD_REASON_OFFSET) alert_ = reason - SSL_AD_REASON_OFFSET;
      if (reason == SSL_R_NO_RENEGOTIATION) alert_ = SSL_AD_NO_RENEGOTIATION;
    }
    ERR_clear_error();
  }

  SessionHandle session_;
  ContextHandle context_;
  std::unique_ptr<SSL, OpensslDeleter<SSL_free>> ssl_;
  int alert_ = 0;
};

}  // namespace hawser::tls
