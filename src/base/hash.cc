// base/hash.cc: digests by OpenSSL.

#include "base/hash.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

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

// Small texts are hashed most, and OpenSSL's general way costs more than they do.
std::string sha256(std::string_view bytes) {
    SHA256_CTX context;
    std::string out(SHA256_DIGEST_LENGTH, '\0');
    SHA256_Init(&context);
    SHA256_Update(&context, bytes.data(), bytes.size());
    SHA256_Final(reinterpret_cast<unsigned char*>(out.data()), &context);
    return out;
}

std::string sha512(std::string_view bytes) {
    return digest(EVP_sha512(), bytes);
}

std::string md5(std::string_view bytes) {
    return digest(EVP_md5(), bytes);
}

}  // namespace weft
