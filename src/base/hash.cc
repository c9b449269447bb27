// base/hash.cc: digests by OpenSSL.

#include "base/hash.h"

#include <openssl/evp.h>

#include "base/check.h"

namespace weft {

namespace {

std::string digest(const EVP_MD* algorithm, std::string_view bytes) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    CHECK(EVP_Digest(bytes.data(), bytes.size(), out, &size, algorithm, nullptr) == 1);
    return {reinterpret_cast<const char*>(out), size};
}

}  // namespace

std::string sha256(std::string_view bytes) {
    return digest(EVP_sha256(), bytes);
}

std::string sha512(std::string_view bytes) {
    return digest(EVP_sha512(), bytes);
}

std::string md5(std::string_view bytes) {
    return digest(EVP_md5(), bytes);
}

}  // namespace weft
