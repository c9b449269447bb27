// crd/internal/scale.cc: reading and writing replicas.

#include "crd/internal/scale.h"

#include <limits>

#include "object/go_format.h"
#include "object/go_type.h"
#include "object/json.h"
#include "object/path.h"

namespace weft::crd::internal {

namespace {

constexpr int64_t replicas_max = std::numeric_limits<int32_t>::max();

std::string_view without_dot(std::string_view path) {
    return path.starts_with('.') ? path.substr(1) : path;
}

// The value at a path of names; null pointer if it is absent.
Result<const Value*> nested(const Value& object, std::string_view path) {
    const Value* at = &object;
    std::string walked;
    for (const std::string_view name : split(without_dot(path), '.')) {
        if (at->is_null()) {
            return static_cast<const Value*>(nullptr);
        }
        append(walked, ".", name);
        if (!at->is_map()) {
            return make_error(Reason::internal_error, walked, " accessor error: ", go_format(*at),
                              " is of the type ", go_type_text(*at),
                              ", expected map[string]interface{}");
        }
        at = at->find(name);
        if (at == nullptr) {
            return static_cast<const Value*>(nullptr);
        }
    }
    return at;
}

Error wrong_type(std::string_view path, const Value& value, std::string_view wanted) {
    return make_error(Reason::internal_error, ".", without_dot(path),
                      " accessor error: ", go_format(value), " is of the type ",
                      go_type_text(value), ", expected ", wanted);
}

void validate_replicas(const Value& object, const std::string& path, schema::FieldErrors& out) {
    const auto replicas = nested_int(object, path);
    if (!replicas) {
        out.push_back(schema::field_invalid(path, Value(0), replicas.error().message()));
        return;
    }
    const int64_t count = replicas->value_or(0);
    if (count < 0) {
        out.push_back(
            schema::field_invalid(path, Value(count), "should be a non-negative integer"));
    } else if (count > replicas_max) {
        out.push_back(schema::field_invalid(path, Value(count),
                                            cat("should be less than or equal to ", replicas_max)));
    }
}

}  // namespace

Result<std::optional<int64_t>> nested_int(const Value& object, std::string_view path) {
    const Value* found = TRY(nested(object, path));
    if (found == nullptr) {
        return std::optional<int64_t>();
    }
    if (!found->is_int()) {
        return wrong_type(path, *found, "int64");
    }
    return std::optional<int64_t>(found->as_int());
}

Result<std::string> nested_text(const Value& object, std::string_view path) {
    const Value* found = TRY(nested(object, path));
    if (found == nullptr) {
        return std::string();
    }
    if (!found->is_string()) {
        return wrong_type(path, *found, "string");
    }
    return std::string(found->as_string());
}

void validate_scale_spec(const Value& object, const ScalePaths& paths, schema::FieldErrors& out) {
    validate_replicas(object, paths.spec_replicas, out);
}

void validate_scale_status(const Value& object, const ScalePaths& paths, schema::FieldErrors& out) {
    validate_replicas(object, paths.status_replicas, out);
    if (!paths.label_selector.empty()) {
        if (const auto selector = nested_text(object, paths.label_selector); !selector) {
            out.push_back(
                schema::field_invalid(paths.label_selector, Value(""), selector.error().message()));
        }
    }
}

Result<Value> make_scale(const Value& object, const ScalePaths& paths, bool needs_replicas) {
    const std::optional<int64_t> replicas = TRY(nested_int(object, paths.spec_replicas));
    if (!replicas && needs_replicas) {
        const std::string text =
            cat("the spec replicas field ", quote(paths.spec_replicas), " does not exist");
        return Error(Reason::internal_error, cat("Internal error occurred: ", text),
                     {.causes = {{.message = text}}});
    }
    const std::optional<int64_t> status_replicas = TRY(nested_int(object, paths.status_replicas));
    std::string selector;
    if (!paths.label_selector.empty()) {
        selector = TRY(nested_text(object, paths.label_selector));
    }
    Value metadata = Value::map();
    for (const std::string_view name :
         {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}) {
        if (const std::string_view text = object.string_at("metadata", name); !text.empty()) {
            metadata.append_new(name, Value(text));
        }
    }
    Value spec = Value::map();
    if (replicas.value_or(0) != 0) {
        spec.set("replicas", Value(static_cast<int32_t>(*replicas)));
    }
    Value status = Value::map();
    status.set("replicas", Value(static_cast<int32_t>(status_replicas.value_or(0))));
    if (!selector.empty()) {
        status.set("selector", Value(selector));
    }
    return Value::map_of({{"kind", Value("Scale")},
                          {"apiVersion", Value("autoscaling/v1")},
                          {"metadata", std::move(metadata)},
                          {"spec", std::move(spec)},
                          {"status", std::move(status)}});
}

Result<Value> apply_scale(const Value& object, const Value& scale, const ScalePaths& paths) {
    const Value* replicas = scale.find("spec", "replicas");
    const bool is_scale = scale.string_at("apiVersion") == "autoscaling/v1" &&
                          scale.string_at("kind") == "Scale" &&
                          (replicas == nullptr || replicas->is_int());
    if (!is_scale) {
        return make_error(
            Reason::bad_request,
            "no kind is registered for the type v1.Scale in scheme \"pkg/runtime/scheme.go:111\"");
    }
    Value out = object;
    Path path;
    for (const std::string_view name : split(without_dot(paths.spec_replicas), '.')) {
        path.push(name);
    }
    if (Status set = path.set_in(out, Value(replicas == nullptr ? 0 : replicas->as_int())); !set) {
        return set.error();
    }
    if (const std::string_view version = scale.string_at("metadata", "resourceVersion");
        !version.empty()) {
        out.mutable_member("metadata").set("resourceVersion", Value(version));
    }
    return out;
}

}  // namespace weft::crd::internal
