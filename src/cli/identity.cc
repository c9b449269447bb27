// cli/identity.cc: making and keeping keys.

#include "cli/identity.h"

#include "cli/files.h"
#include "cli/limits.h"
#include "io/file.h"

namespace weft::cli {

namespace {

constexpr int64_t renew_before_seconds = int64_t{30} * 24 * 3600;

Result<io::tls::KeyPair> make_server(const io::tls::KeyPair& ca, const std::string& address,
                                     Time now) {
    io::tls::Subject subject;
    subject.common_name = "weft";
    subject.dns_names = {"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"};
    subject.ips = {"127.0.0.1", "::1"};
    if (address != "127.0.0.1" && address != "::1" && address != "0.0.0.0" && address != "::") {
        subject.ips.push_back(address);
    }
    subject.usage = io::tls::Usage::server;
    return io::tls::make_certificate(ca, subject, certificate_validity, now);
}

Result<io::tls::KeyPair> make_admin(const io::tls::KeyPair& ca, Time now) {
    io::tls::Subject subject;
    subject.common_name = "kubernetes-admin";
    subject.organisations = {"system:masters"};
    subject.usage = io::tls::Usage::client;
    return io::tls::make_certificate(ca, subject, certificate_validity, now);
}

// A pair in two files; nothing if they are not there.
Result<std::optional<io::tls::KeyPair>> read_pair(const std::string& folder,
                                                  std::string_view name) {
    const std::string stem = cat(folder, "/", name);
    if (!io::file_exists(stem + ".crt") || !io::file_exists(stem + ".key")) {
        return std::optional<io::tls::KeyPair>();
    }
    return std::optional(io::tls::KeyPair{.certificate_pem = TRY(read_file(stem + ".crt")),
                                          .key_pem = TRY(read_file(stem + ".key"))});
}

Status write_pair(const std::string& folder, std::string_view name, const io::tls::KeyPair& pair) {
    TRY(io::write_file(cat(folder, "/", name, ".key"), pair.key_pem, 0600));
    return io::write_file(cat(folder, "/", name, ".crt"), pair.certificate_pem, 0600);
}

bool ends_soon(const io::tls::KeyPair& pair, Time now) {
    const Result<Time> end = io::tls::certificate_end(pair.certificate_pem);
    return !end || end->seconds - now.seconds < renew_before_seconds;
}

}  // namespace

Result<Identity> make_identity(const std::string& address, Time now) {
    Identity identity;
    identity.ca = TRY(io::tls::make_ca("weft-ca", now));
    identity.server = TRY(make_server(identity.ca, address, now));
    identity.admin = TRY(make_admin(identity.ca, now));
    return identity;
}

Result<Identity> keep_identity(const std::string& folder, const std::string& address, Time now) {
    const std::string pki = folder + "/pki";
    TRY(io::make_directories(pki, 0700));
    Identity identity;
    auto ca = TRY(read_pair(pki, "ca"));
    if (!ca) {
        ca = TRY(io::tls::make_ca("weft-ca", now));
        TRY(write_pair(pki, "ca", *ca));
    }
    identity.ca = *ca;
    auto server = TRY(read_pair(pki, "server"));
    if (!server || ends_soon(*server, now)) {
        server = TRY(make_server(identity.ca, address, now));
        TRY(write_pair(pki, "server", *server));
    }
    identity.server = *server;
    auto admin = TRY(read_pair(pki, "admin"));
    if (!admin || ends_soon(*admin, now)) {
        admin = TRY(make_admin(identity.ca, now));
        TRY(write_pair(pki, "admin", *admin));
    }
    identity.admin = *admin;
    return identity;
}

}  // namespace weft::cli
