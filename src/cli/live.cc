// cli/live.cc: requests that are waited for, and OpenAPI documents on disk.

#include "cli/live.h"

#include <algorithm>

#include "base/hash.h"
#include "cli/files.h"
#include "cli/limits.h"
#include "cli/version.h"
#include "io/file.h"

namespace weft::cli {

namespace {

// The hash of a URL like "/openapi/v3/apis/apps/v1?hash=ABC"; "" if it has none that could be the
// name of a file.
std::string hash_of(std::string_view url) {
    constexpr std::string_view word = "hash=";
    const size_t start = url.find(word);
    if (start == std::string_view::npos) {
        return "";
    }
    std::string_view hash = url.substr(start + word.size());
    hash = hash.substr(0, hash.find('&'));
    const bool is_plain = std::ranges::all_of(hash, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    });
    return is_plain && hash.size() <= hash_chars_max ? std::string(hash) : "";
}

// One folder for each server: two servers may serve the same group with other schemas.
std::string cache_folder(const std::string& server) {
    std::string base = environment("XDG_CACHE_HOME");
    if (base.empty() && !environment("HOME").empty()) {
        base = environment("HOME") + "/.cache";
    }
    if (base.empty()) {
        return "";
    }
    return cat(base, "/weft/openapi/", hex_encode(sha256(server)).substr(0, 16));
}

// Documents of the same name with another hash are of no use any more.
void remove_older(const std::string& folder, const std::string& name, const std::string& keep) {
    const auto names = io::list_directory(folder);
    if (!names) {
        return;
    }
    for (const std::string& other : *names) {
        if (other.starts_with(name + "@") && other != keep) {
            static_cast<void>(io::remove_file(cat(folder, "/", other)));
        }
    }
}

}  // namespace

Result<kube::Config> find_config(const std::string& kubeconfig, const std::string& context) {
    std::string path = kubeconfig.empty() ? environment("KUBECONFIG") : kubeconfig;
    if (path.empty() && !environment("KUBERNETES_SERVICE_HOST").empty()) {
        return kube::in_cluster_config(environment("KUBERNETES_SERVICE_HOST"),
                                       environment("KUBERNETES_SERVICE_PORT"), read_file);
    }
    if (path.empty()) {
        if (environment("HOME").empty()) {
            return make_error(Reason::not_found,
                              "no API server is named\n  cure: use --kubeconfig FILE or set "
                              "KUBECONFIG");
        }
        path = environment("HOME") + "/.kube/config";
        if (!io::file_exists(path)) {
            return make_error(Reason::not_found, "no API server is named, and there is no ", path,
                              "\n  cure: use --kubeconfig FILE or set KUBECONFIG");
        }
    }
    const std::string text = TRY(read_file(path).context("reading the kubeconfig"));
    return kube::parse_kubeconfig(text, path, context, read_file);
}

Result<std::unique_ptr<LiveCluster>> LiveCluster::connect(const ClusterFlags& flags) {
    kube::Config config = TRY(find_config(flags.kubeconfig, flags.context));
    config.client.user_agent = cat("weft/", weft_version);
    std::unique_ptr<LiveCluster> out(new LiveCluster(std::move(config)));
    out->transport_ = TRY(io::http::connect(&out->loop_, out->config_.client));
    out->client_ = std::make_unique<kube::Client>(out->transport_.get());
    out->mapper_ = std::make_unique<kube::RestMapper>(out->client_.get());
    out->cache_ = cache_folder(out->config_.client.base_url);
    TRY(out->read_index().context("asking ", out->config_.client.base_url, " for its schemas"));
    return out;
}

Status LiveCluster::read_index() {
    const Value index = TRY(io::run(&loop_, client_->get_raw("/openapi/v3")));
    if (const Value* paths = index.find("paths")) {
        for (const Member& member : paths->members()) {
            urls_[std::string(member.name())] = member.value.string_at("serverRelativeURL");
        }
    }
    return {};
}

Result<Value> LiveCluster::read_document(const std::string& name, const std::string& url) {
    const std::string hash = hash_of(url);
    std::string file = name;
    std::ranges::replace(file, '/', '_');
    const std::string cached = cat(file, "@", hash, ".json");
    const std::string path = cat(cache_, "/", cached);
    const bool is_kept = !cache_.empty() && !hash.empty();
    if (is_kept) {
        if (const Result<std::string> text = read_file(path)) {
            if (Result<Value> document = parse_json(*text)) {
                return document;
            }
            // Somebody damaged the file: the server has it still.
        }
    }
    Value document = TRY(io::run(&loop_, client_->get_raw(url)));
    // A cache that cannot be written only costs time; there is nothing to tell.
    if (is_kept && io::make_directories(cache_, 0700) &&
        io::write_file(path, to_json(document), 0600)) {
        remove_older(cache_, file, cached);
    }
    return document;
}

Result<const Value*> LiveCluster::document_of(const GroupVersionKind& kind) {
    const std::string name = kind.group.empty() ? cat("api/", kind.version)
                                                : cat("apis/", kind.group, "/", kind.version);
    if (const auto known = documents_.find(name); known != documents_.end()) {
        return &known->second;
    }
    const auto url = urls_.find(name);
    if (url == urls_.end() || url->second.empty()) {
        return make_error(Reason::not_found, "schema not found");
    }
    Value document = TRY(read_document(name, url->second));
    return &documents_.emplace(name, std::move(document)).first->second;
}

Result<graph::KindFacts> LiveCluster::read_kind(const GroupVersionKind& kind) {
    const kube::Resource resource = TRY(find_resource(kind));
    const Value* document = TRY(document_of(kind));
    schema::SchemaPtr schema = TRY(graph::schema_of_open_api(*document, kind));
    return graph::KindFacts{std::move(schema), resource.gvr.resource, resource.namespaced};
}

Result<graph::KindFacts> LiveCluster::find_kind(const GroupVersionKind& kind) {
    auto known = kinds_.find(kind);
    if (known == kinds_.end()) {
        known = kinds_.emplace(kind, read_kind(kind)).first;
    }
    return known->second;
}

Result<kube::Resource> LiveCluster::find_resource(const GroupVersionKind& kind) {
    return io::run(&loop_, mapper_->for_kind(kind));
}

Result<Object> LiveCluster::get(const GroupVersionKind& kind, const NamespacedName& name) {
    const kube::Resource resource = TRY(find_resource(kind));
    return io::run(&loop_,
                   client_->get(resource, {resource.namespaced ? name.namespace_ : "", name.name}));
}

Result<std::vector<Object>> LiveCluster::list(const GroupVersionKind& kind,
                                              const std::string& namespace_,
                                              const std::string& label_selector) {
    const kube::Resource resource = TRY(find_resource(kind));
    kube::ListOptions options;
    options.namespace_ = resource.namespaced ? namespace_ : "";
    options.label_selector = label_selector;
    options.limit = list_page;
    kube::List found = TRY(io::run(&loop_, client_->list_all(resource, options)));
    return std::move(found.items);
}

Result<std::vector<Object>> LiveCluster::list_any_version(const std::string& group,
                                                          const std::string& kind,
                                                          const std::string& namespace_,
                                                          const std::string& label_selector) {
    const Result<kube::Resource> resource = io::run(&loop_, mapper_->for_group_kind(group, kind));
    if (!resource && resource.error().reason() == Reason::not_found) {
        return std::vector<Object>();
    }
    if (!resource) {
        return Error(resource.error());
    }
    return list(resource->gvk(), namespace_, label_selector);
}

}  // namespace weft::cli
