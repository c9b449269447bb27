// schema/open_api.h: schemas from and to OpenAPI: a CRD's openAPIV3Schema, a document's component.
//
// Source of the behaviour: apiextensions.k8s.io/v1 JSONSchemaProps, and the OpenAPI v3 documents
// that kube-apiserver serves (1.36).

#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "schema/schema.h"

namespace weft::schema {

struct FromOpenApi {
    // The schema that a "$ref" text names; a null pointer if there is none (an error then). What it
    // returns must live until from_open_api has returned. Without a resolver a $ref is an error.
    std::function<const Value*(std::string_view reference)> resolve;
};

// Reads a schema. References become edges, so a definition that contains itself becomes a graph
// with a cycle; the text after a reference's last slash becomes the node's `definition`. Members
// that the model has no place for are passed over (a CRD's forbidden ones are for `crd` to refuse);
// null members count as absent. Refuses (invalid, with the place inside the schema in the message)
// members of the wrong JSON type, unknown types, and what exceeds the limits.
[[nodiscard]] Result<SchemaPtr> from_open_api(const Value& json, const FromOpenApi& options = {});

struct ToOpenApi {
    // "#/components/schemas/": nodes below the root that have a `definition` are written as a $ref
    // with this before the name, their own default and marks beside it, as kube-openapi's v3 does.
    // "": everything is written in place; a definition within itself is cut to {"type":"object"}.
    std::string_view reference_prefix;
    // Descriptions and titles are left out.
    bool without_descriptions = false;
    // As in a version 2 document: no defaults, marks directly beside a $ref, one type for what has
    // two.
    bool is_version2 = false;
};

[[nodiscard]] Value to_open_api(const Schema& schema, const ToOpenApi& options = {});

// "object", …; "" for unset.
[[nodiscard]] std::string_view type_text(Type type);
[[nodiscard]] std::optional<Type> type_from_text(std::string_view text);

}  // namespace weft::schema
