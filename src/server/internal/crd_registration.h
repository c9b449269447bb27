// server/internal/crd_registration.h: definitions become served kinds in the same write.

#pragma once

#include <string>

#include "server/internal/core.h"

namespace weft::server {

// Keeps the registry in step with the CustomResourceDefinitions in the store.
class CustomResources {
public:
    explicit CustomResources(Core* core) : core_(core), scope_(core->loop) {}

    // Serves what is stored; at start.
    [[nodiscard]] io::Task<Status> load();

    // The first DELETE of a definition: marked, and held until its objects are gone.
    void mark_terminating(Value& object) const;
    // After the commit. A null object is a deleted definition.
    [[nodiscard]] io::Task<void> definition_changed(Value object, Value old_object);
    [[nodiscard]] io::Task<void> close();

private:
    void serve(const Value& object);
    [[nodiscard]] io::Task<Result<std::vector<Value>>> definitions_of(std::string group);
    // Stores the status of a definition that was written; the object as it is then.
    [[nodiscard]] io::Task<Value> settle(Value object);
    [[nodiscard]] io::Task<void> finish_deletion(std::string name);
    [[nodiscard]] io::Task<Status> delete_instances(std::string group, std::string plural);

    Core* core_;
    io::Scope scope_;
};

}  // namespace weft::server
