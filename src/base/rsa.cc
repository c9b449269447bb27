// base/rsa.cc: RSA by OpenSSL.

#include "base/rsa.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/check.h"

namespace weft {

namespace {

constexpr unsigned key_bits = 2048;

EVP_PKEY* raw(const std::shared_ptr<void>& key) {
    return static_cast<EVP_PKEY*>(key.get());
}

std::shared_ptr<void> owned(EVP_PKEY* key) {
    return {key, [](void* held) { EVP_PKEY_free(static_cast<EVP_PKEY*>(held)); }};
}

struct FreeBio {
    void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeNumber {
    void operator()(BIGNUM* number) const { BN_free(number); }
};

}  // namespace

Result<RsaKey> RsaKey::generate() {
    EVP_PKEY* key = EVP_RSA_gen(key_bits);
    if (key == nullptr) {
        return make_error(Reason::internal_error, "OpenSSL made no RSA key");
    }
    return RsaKey(owned(key));
}

Result<RsaKey> RsaKey::from_pem(std::string_view pem) {
    const std::unique_ptr<BIO, FreeBio> bio(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    EVP_PKEY* key = PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr);
    if (key == nullptr || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
        EVP_PKEY_free(key);
        return make_error(Reason::invalid, "this is no RSA private key in PEM");
    }
    return RsaKey(owned(key));
}

std::string RsaKey::to_pem() const {
    const std::unique_ptr<BIO, FreeBio> bio(BIO_new(BIO_s_mem()));
    CHECK(PEM_write_bio_PrivateKey(bio.get(), raw(key_), nullptr, nullptr, 0, nullptr, nullptr) ==
          1);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &bytes);
    return {bytes, static_cast<size_t>(size)};
}

std::string RsaKey::sign(std::string_view text) const {
    const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    size_t size = 0;
    CHECK(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, raw(key_)) == 1);
    CHECK(EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) == 1);
    std::string out(size, '\0');
    CHECK(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, bytes,
                         text.size()) == 1);
    out.resize(size);
    return out;
}

bool RsaKey::verify(std::string_view text, std::string_view signature) const {
    const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
    CHECK(EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, raw(key_)) == 1);
    return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                            signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                            text.size()) == 1;
}

std::string RsaKey::modulus() const {
    BIGNUM* number = nullptr;
    CHECK(EVP_PKEY_get_bn_param(raw(key_), OSSL_PKEY_PARAM_RSA_N, &number) == 1);
    const std::unique_ptr<BIGNUM, FreeNumber> held(number);
    std::string out(static_cast<size_t>(BN_num_bytes(number)), '\0');
    BN_bn2bin(number, reinterpret_cast<unsigned char*>(out.data()));
    return out;
}

std::string RsaKey::public_der() const {
    unsigned char* bytes = nullptr;
    const int size = i2d_PUBKEY(raw(key_), &bytes);
    CHECK(size > 0);
    std::string out(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
    OPENSSL_free(bytes);
    return out;
}

}  // namespace weft
