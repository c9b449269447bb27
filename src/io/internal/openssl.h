// io/internal/openssl.h: owners of OpenSSL's objects, and its errors as text.

#pragma once

#include <memory>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string>
#include <string_view>

namespace weft::io::internal {

template <auto free_function>
struct Free {
    template <typename T>
    void operator()(T* object) const {
        free_function(object);
    }
};

using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using SslContext = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, Free<SSL_free>>;

// The first error of the queue in OpenSSL's words; empties the queue.
[[nodiscard]] std::string openssl_error();

// A view of `pem` to read from; `pem` must outlive it.
[[nodiscard]] Bio bio_of(std::string_view pem);
[[nodiscard]] std::string text_of(BIO* bio);

}  // namespace weft::io::internal
