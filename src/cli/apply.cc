// cli/apply.cc: order, and waiting for kinds.

#include "cli/apply.h"

#include <algorithm>

#include "cli/offline.h"

namespace weft::cli {

namespace {

constexpr int64_t kind_wait = 25 * io::millisecond;
constexpr int64_t kind_wait_max = 10 * io::second;

int rank(const Object& object) {
    const std::string_view kind = object.kind();
    if (kind == "Namespace") {
        return 0;
    }
    if (kind == "CustomResourceDefinition") {
        return 1;
    }
    if (is_definition(object)) {
        return 2;
    }
    return 3;
}

io::Task<Result<kube::Resource>> wait_for_kind(io::Loop* loop, kube::RestMapper* mapper,
                                               GroupVersionKind kind) {
    const int64_t deadline = loop->monotonic() + kind_wait_max;
    while (true) {
        Result<kube::Resource> resource = co_await mapper->for_kind(kind);
        if (resource || resource.error().reason() != Reason::not_found ||
            loop->monotonic() > deadline) {
            co_return resource;
        }
        CO_TRY(co_await io::sleep(loop, kind_wait));
    }
}

}  // namespace

io::Task<Status> apply_files(io::Loop* loop, kube::Client* client, std::vector<FileObject> objects,
                             std::function<void(const Applied&)> on_done) {
    std::ranges::stable_sort(objects, {}, [](const FileObject& file) { return rank(file.object); });
    kube::RestMapper mapper(client);
    Status first_failure;
    for (const FileObject& file : objects) {
        Object object = file.object;
        if (const Result<kube::Resource> known =
                co_await mapper.for_kind(object.group_version_kind());
            !known && known.error().reason() == Reason::not_found) {
            Applied waiting;
            waiting.text = cat(object.kind(), " ", object.key().text());
            waiting.is_waiting = true;
            on_done(waiting);
        }
        const Result<kube::Resource> resource =
            co_await wait_for_kind(loop, &mapper, object.group_version_kind());
        Applied applied;
        if (!resource) {
            applied.status = Error(resource.error());
        } else {
            if (resource->namespaced && object.namespace_().empty()) {
                object.metadata().set("namespace", "default");
            }
            const Result<Object> answer = co_await client->apply(
                *resource, object, {.field_manager = "weft-up", .force = true});
            if (!answer) {
                applied.status = Error(answer.error());
            }
        }
        if (!applied.status && applied.status.error().reason() == Reason::cancelled) {
            co_return applied.status;
        }
        applied.text = cat(object.kind(), " ", object.key().text());
        if (!applied.status && first_failure) {
            first_failure =
                Error(applied.status.error())
                    .with_context(cat(to_text(file.document.start), ": ", applied.text));
        }
        on_done(applied);
    }
    co_return first_failure;
}

}  // namespace weft::cli
