// server/auth.h: the seams of identity and policy: who asks, may they, and what is changed first.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/io.h"
#include "object/object.h"

namespace weft::server {

struct UserInfo {
    std::string name;
    std::string uid;
    std::vector<std::string> groups;
    std::map<std::string, std::vector<std::string>> extra;

    [[nodiscard]] bool is_in_group(std::string_view group) const;
};

struct StaticToken {
    std::string token;
    UserInfo user;  // system:authenticated is added to its groups
};

// What a request is about, for authorization.
struct Attributes {
    UserInfo user;
    std::string verb;
    bool is_resource = false;
    std::string group;
    std::string version;
    std::string namespace_;
    std::string resource;
    std::string subresource;
    std::string name;
    std::string path;  // of non-resource requests
};

struct Decision {
    bool allowed = false;
    std::string reason;  // for the message of a refusal and for reviews; may be empty
};

// Says whether a request may be carried out. Asked for every request that is not allowed anyway.
class Authorizer {
public:
    virtual ~Authorizer() = default;
    virtual io::Task<Decision> authorize(Attributes attributes) = 0;
};

// A write on its way in.
struct AdmissionRequest {
    std::string operation;  // "CREATE", "UPDATE", "DELETE", "CONNECT"
    GroupVersionKind kind;
    GroupVersionResource resource;
    std::string subresource;
    std::string namespace_;
    std::string name;
    UserInfo user;
    bool dry_run = false;
    Value object;                                  // null for DELETE
    Value old_object;                              // null for CREATE
    Value options;                                 // CreateOptions, UpdateOptions, DeleteOptions, …
    std::vector<std::string>* warnings = nullptr;  // what is added here goes to the client
};

// Changes or refuses writes before they are stored.
class Admission {
public:
    virtual ~Admission() = default;
    // May change request->object. An error refuses the write and is the answer.
    virtual io::Task<Status> admit(AdmissionRequest* request) = 0;
    // After all mutations and the schema's validation.
    virtual io::Task<Status> validate(const AdmissionRequest* request) = 0;
};

}  // namespace weft::server
