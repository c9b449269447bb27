// io/tls.cc: keys and certificates by OpenSSL.

#include "io/tls.h"

#include <arpa/inet.h>
#include <ctime>
#include <openssl/asn1.h>
#include <openssl/rand.h>

#include "io/internal/openssl.h"

namespace weft::io {

namespace internal {

std::string openssl_error() {
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    if (code == 0) {
        return "unknown error";
    }
    const char* reason = ERR_reason_error_string(code);
    return reason != nullptr ? reason : cat("error ", code);
}

Bio bio_of(std::string_view pem) {
    return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<size_t>(size)};
}

}  // namespace internal

namespace tls {

namespace {

constexpr int64_t seconds_before = 3600;
constexpr int64_t seconds_of_ca = int64_t{3650} * 24 * 3600;

Error failed(std::string_view what) {
    return make_error(Reason::internal_error, what, ": ", internal::openssl_error());
}

bool add_name(X509_NAME* name, const char* field, std::string_view text) {
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(text.data()),
                                      static_cast<int>(text.size()), -1, 0) == 1;
}

// `value` is text of ours, never a user's: it is a small language of OpenSSL's.
bool add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
    if (extension == nullptr) {
        return false;
    }
    const bool added = X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

// 127 random bits: positive in ASN.1, and never twice.
bool set_serial(X509* certificate) {
    unsigned char bytes[16];
    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        return false;
    }
    bytes[0] = (bytes[0] & 0x7F) | 0x40;
    BIGNUM* number = BN_bin2bn(bytes, sizeof bytes, nullptr);
    const bool set = BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
    BN_free(number);
    return set;
}

bool set_times(X509* certificate, Time now, int64_t seconds_valid) {
    return ASN1_TIME_set(X509_getm_notBefore(certificate), now.seconds - seconds_before) !=
               nullptr &&
           ASN1_TIME_set(X509_getm_notAfter(certificate), now.seconds + seconds_valid) != nullptr;
}

GENERAL_NAME* dns_name(const std::string& text) {
    ASN1_IA5STRING* name = ASN1_IA5STRING_new();
    ASN1_STRING_set(name, text.data(), static_cast<int>(text.size()));
    GENERAL_NAME* out = GENERAL_NAME_new();
    GENERAL_NAME_set0_value(out, GEN_DNS, name);
    return out;
}

// Null if the text is no address.
GENERAL_NAME* ip_name(const std::string& text) {
    ASN1_OCTET_STRING* address = a2i_IPADDRESS(text.c_str());
    if (address == nullptr) {
        return nullptr;
    }
    GENERAL_NAME* out = GENERAL_NAME_new();
    GENERAL_NAME_set0_value(out, GEN_IPADD, address);
    return out;
}

Status add_alternative_names(X509* certificate, const Subject& subject) {
    if (subject.dns_names.empty() && subject.ips.empty()) {
        return {};
    }
    const std::unique_ptr<GENERAL_NAMES, internal::Free<GENERAL_NAMES_free>> names(
        sk_GENERAL_NAME_new_null());
    for (const std::string& name : subject.dns_names) {
        sk_GENERAL_NAME_push(names.get(), dns_name(name));
    }
    for (const std::string& ip : subject.ips) {
        GENERAL_NAME* const name = ip_name(ip);
        if (name == nullptr) {
            return make_error(Reason::invalid, "not an IP address: ", quote(ip));
        }
        sk_GENERAL_NAME_push(names.get(), name);
    }
    if (X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, 0) != 1) {
        return failed("adding names to a certificate");
    }
    return {};
}

Result<KeyPair> to_pem(X509* certificate, EVP_PKEY* key) {
    const internal::Bio certificate_out(BIO_new(BIO_s_mem()));
    const internal::Bio key_out(BIO_new(BIO_s_mem()));
    if (PEM_write_bio_X509(certificate_out.get(), certificate) != 1 ||
        PEM_write_bio_PKCS8PrivateKey(key_out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) !=
            1) {
        return failed("writing a certificate");
    }
    return KeyPair{internal::text_of(certificate_out.get()), internal::text_of(key_out.get())};
}

}  // namespace

Result<KeyPair> make_ca(std::string_view name, Time now) {
    const internal::Key key(EVP_EC_gen("P-256"));
    const internal::Certificate certificate(X509_new());
    X509* const x509 = certificate.get();
    if (key == nullptr || x509 == nullptr || X509_set_version(x509, X509_VERSION_3) != 1 ||
        !set_serial(x509) || !set_times(x509, now, seconds_of_ca) ||
        !add_name(X509_get_subject_name(x509), "CN", name) ||
        X509_set_issuer_name(x509, X509_get_subject_name(x509)) != 1 ||
        X509_set_pubkey(x509, key.get()) != 1 ||
        !add_extension(x509, x509, NID_basic_constraints, "critical,CA:TRUE") ||
        !add_extension(x509, x509, NID_key_usage,
                       "critical,digitalSignature,keyCertSign,cRLSign") ||
        !add_extension(x509, x509, NID_subject_key_identifier, "hash") ||
        X509_sign(x509, key.get(), EVP_sha256()) == 0) {
        return failed("making a certificate authority");
    }
    return to_pem(x509, key.get());
}

Result<KeyPair> make_certificate(const KeyPair& ca, const Subject& subject, int64_t validity,
                                 Time now) {
    const internal::Certificate issuer(
        PEM_read_bio_X509(internal::bio_of(ca.certificate_pem).get(), nullptr, nullptr, nullptr));
    const internal::Key issuer_key(
        PEM_read_bio_PrivateKey(internal::bio_of(ca.key_pem).get(), nullptr, nullptr, nullptr));
    if (issuer == nullptr || issuer_key == nullptr) {
        return failed("reading the certificate authority");
    }
    const internal::Key key(EVP_EC_gen("P-256"));
    const internal::Certificate certificate(X509_new());
    X509* const x509 = certificate.get();
    if (key == nullptr || x509 == nullptr || X509_set_version(x509, X509_VERSION_3) != 1 ||
        !set_serial(x509) || !set_times(x509, now, validity / 1'000'000'000) ||
        X509_set_issuer_name(x509, X509_get_subject_name(issuer.get())) != 1 ||
        X509_set_pubkey(x509, key.get()) != 1) {
        return failed("making a certificate");
    }
    for (const std::string& organisation : subject.organisations) {
        if (!add_name(X509_get_subject_name(x509), "O", organisation)) {
            return failed(cat("organisation ", quote(organisation)));
        }
    }
    if (!add_name(X509_get_subject_name(x509), "CN", subject.common_name)) {
        return failed(cat("common name ", quote(subject.common_name)));
    }
    TRY(add_alternative_names(x509, subject));
    if (!add_extension(x509, issuer.get(), NID_basic_constraints, "critical,CA:FALSE") ||
        !add_extension(x509, issuer.get(), NID_key_usage, "critical,digitalSignature") ||
        !add_extension(x509, issuer.get(), NID_ext_key_usage,
                       subject.usage == Usage::client ? "clientAuth" : "serverAuth") ||
        // With both identifiers a certificate that has its authority's name is still not taken for
        // a self-signed one.
        !add_extension(x509, issuer.get(), NID_subject_key_identifier, "hash") ||
        !add_extension(x509, issuer.get(), NID_authority_key_identifier, "keyid") ||
        X509_sign(x509, issuer_key.get(), EVP_sha256()) == 0) {
        return failed("making a certificate");
    }
    return to_pem(x509, key.get());
}

Result<Time> certificate_end(std::string_view certificate_pem) {
    const internal::Certificate certificate(
        PEM_read_bio_X509(internal::bio_of(certificate_pem).get(), nullptr, nullptr, nullptr));
    std::tm end{};
    if (certificate == nullptr ||
        ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1) {
        return failed("reading a certificate");
    }
    return Time{timegm(&end), 0};
}

}  // namespace tls

}  // namespace weft::io
