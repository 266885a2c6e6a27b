// Owning pointers for OpenSSL's objects. For the .cc files of this room.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

namespace hawser::tls {

template <auto free_function>
struct OpensslDeleter {
  template <class T>
  void operator()(T* object) const noexcept {
    free_function(object);
  }
};

using BioHandle = std::unique_ptr<BIO, OpensslDeleter<BIO_free>>;
using ContextHandle = std::unique_ptr<SSL_CTX, OpensslDeleter<SSL_CTX_free>>;
using DigestHandle = std::unique_ptr<EVP_MD, OpensslDeleter<EVP_MD_free>>;
using DigestContextHandle = std::unique_ptr<EVP_MD_CTX, OpensslDeleter<EVP_MD_CTX_free>>;
using KeyHandle = std::unique_ptr<EVP_PKEY, OpensslDeleter<EVP_PKEY_free>>;
using RevocationListHandle = std::unique_ptr<X509_CRL, OpensslDeleter<X509_CRL_free>>;
using SessionHandle = std::unique_ptr<SSL_SESSION, OpensslDeleter<SSL_SESSION_free>>;
using SslHandle = std::unique_ptr<SSL, OpensslDeleter<SSL_free>>;
using X509Handle = std::unique_ptr<X509, OpensslDeleter<X509_free>>;

}  // namespace hawser::tls
