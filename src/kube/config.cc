// kube/config.cc: reading and writing kubeconfig files.

#include "kube/config.h"

#include "object/object.h"

namespace weft::kube {

namespace {

// The entry of a named list: `clusters: [{name: x, cluster: {...}}]`.
const Value* find_named(const Value& config, std::string_view list, std::string_view name,
                        std::string_view member) {
    if (const Value* entries = config.find(list)) {
        for (const Value& entry : entries->items()) {
            if (entry.string_at("name") == name) {
                return entry.find(member);
            }
        }
    }
    return nullptr;
}

std::string beside(const std::string& file, std::string_view path) {
    if (path.starts_with('/')) {
        return std::string(path);
    }
    const size_t slash = file.rfind('/');
    return slash == std::string::npos ? std::string(path) : cat(file.substr(0, slash + 1), path);
}

// The text of `NAME-data` (base64), else of the file that NAME holds, else "".
Result<std::string> data_or_file(const Value& entry, const std::string& name,
                                 const std::string& file, const ReadFile& read) {
    if (const std::string_view data = entry.string_at(name + "-data"); !data.empty()) {
        auto decoded = base64_decode(data);
        if (!decoded) {
            return make_error(Reason::invalid, file, ": ", name, "-data is not base64");
        }
        return *std::move(decoded);
    }
    if (const std::string_view path = entry.string_at(name); !path.empty()) {
        return read(beside(file, path)).context(file, ": ", name);
    }
    return std::string();
}

Status read_user(const Value& user, const std::string& file, const ReadFile& read, Config& config) {
    if (user.contains("exec") || user.contains("auth-provider")) {
        return make_error(Reason::invalid, file,
                          ": users with exec or auth-provider plugins are not supported; use a "
                          "token or a client certificate");
    }
    config.client.certificate_pem = TRY(data_or_file(user, "client-certificate", file, read));
    config.client.key_pem = TRY(data_or_file(user, "client-key", file, read));
    config.client.bearer_token = user.string_at("token");
    if (const std::string_view path = user.string_at("tokenFile"); !path.empty()) {
        config.client.bearer_token =
            std::string(trim(TRY(read(beside(file, path)).context(file, ": tokenFile"))));
    }
    return {};
}

}  // namespace

Result<Config> parse_kubeconfig(std::string_view text, const std::string& file,
                                std::string_view context, const ReadFile& read) {
    const Value value = TRY(parse_yaml_value(text, {.file = file}));
    Config config;
    config.context = context.empty() ? value.string_at("current-context") : context;
    if (config.context.empty()) {
        return make_error(Reason::invalid, file, ": no current-context; name one with --context");
    }
    const Value* chosen = find_named(value, "contexts", config.context, "context");
    if (chosen == nullptr) {
        return make_error(Reason::invalid, file, ": no context ", quote(config.context));
    }
    const std::string_view cluster_name = chosen->string_at("cluster");
    const Value* cluster = find_named(value, "clusters", cluster_name, "cluster");
    if (cluster == nullptr || cluster->string_at("server").empty()) {
        return make_error(Reason::invalid, file, ": no cluster ", quote(cluster_name),
                          " with a server");
    }
    config.client.base_url = cluster->string_at("server");
    config.client.server_name = cluster->string_at("tls-server-name");
    config.client.ca_pem = TRY(data_or_file(*cluster, "certificate-authority", file, read));
    const Value* insecure = cluster->find("insecure-skip-tls-verify");
    config.client.insecure_skip_verify =
        insecure != nullptr && insecure->is_bool() && insecure->as_bool();
    if (const Value* user = find_named(value, "users", chosen->string_at("user"), "user")) {
        TRY(read_user(*user, file, read, config));
    }
    if (const std::string_view name = chosen->string_at("namespace"); !name.empty()) {
        config.namespace_ = name;
    }
    return config;
}

Result<Config> in_cluster_config(std::string_view host, std::string_view port,
                                 const ReadFile& read) {
    const std::string folder = "/var/run/secrets/kubernetes.io/serviceaccount/";
    Config config;
    const bool is_ipv6 = host.find(':') != std::string_view::npos;
    config.client.base_url =
        is_ipv6 ? cat("https://[", host, "]:", port) : cat("https://", host, ":", port);
    config.client.bearer_token = std::string(trim(TRY(read(folder + "token"))));
    config.client.ca_pem = TRY(read(folder + "ca.crt"));
    config.namespace_ = std::string(trim(TRY(read(folder + "namespace"))));
    config.context = "in-cluster";
    return config;
}

std::string write_kubeconfig(const KubeconfigEntry& entry) {
    Value cluster = Value::map_of({{"server", entry.server}});
    if (!entry.ca_pem.empty()) {
        cluster.set("certificate-authority-data", base64_encode(entry.ca_pem));
    }
    Value user = Value::map();
    if (!entry.certificate_pem.empty()) {
        user.set("client-certificate-data", base64_encode(entry.certificate_pem));
        user.set("client-key-data", base64_encode(entry.key_pem));
    }
    if (!entry.token.empty()) {
        user.set("token", entry.token);
    }
    const auto named = [&](std::string_view member, Value value) {
        return Value::list_of({Value::map_of({{"name", entry.name}, {member, std::move(value)}})});
    };
    return to_yaml(Value::map_of(
        {{"apiVersion", "v1"},
         {"kind", "Config"},
         {"clusters", named("cluster", std::move(cluster))},
         {"users", named("user", std::move(user))},
         {"contexts",
          named("context", Value::map_of({{"cluster", entry.name}, {"user", entry.name}}))},
         {"current-context", entry.name}}));
}

}  // namespace weft::kube
