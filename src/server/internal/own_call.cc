// server/internal/own_call.cc: a call without a request.

#include "server/internal/own_call.h"

namespace weft::server {

Call own_call(Core* core, const GroupVersionResource& resource, std::string_view subresource,
              std::string_view namespace_, std::string_view name) {
    Call call;
    call.core = core;
    call.request.headers.set("user-agent", "kube-apiserver");
    call.info.is_resource = true;
    call.info.verb = "update";
    call.info.prefix = resource.group.empty() ? "api" : "apis";
    call.info.group = resource.group;
    call.info.version = resource.version;
    call.info.namespace_ = namespace_;
    call.info.resource = resource.resource;
    call.info.subresource = subresource;
    call.info.name = name;
    call.user.name = "system:apiserver";
    call.user.groups = {"system:masters"};
    call.resource = core->registry.find(resource.group, resource.version, resource.resource);
    CHECK(call.resource != nullptr);
    call.subresource = subresource.empty() ? nullptr : call.resource->find_subresource(subresource);
    return call;
}

}  // namespace weft::server
