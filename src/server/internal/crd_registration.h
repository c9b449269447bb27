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

    // Before a definition is stored: fills in what defaulting and the naming controller do, so
    // that it is established by the same write. `old_object` is null at creation.
    void prepare(Value& object, const Value* old_object) const;
    // A definition that is deleted while objects of it exist.
    void mark_terminating(Value& object) const;
    // After the commit. A null object is a deleted definition.
    [[nodiscard]] io::Task<void> definition_changed(Value object, Value old_object);
    [[nodiscard]] io::Task<void> close();

private:
    void serve(const Value& object);
    [[nodiscard]] io::Task<void> finish_deletion(std::string name);
    [[nodiscard]] io::Task<Status> delete_instances(std::string group, std::string plural);

    Core* core_;
    io::Scope scope_;
};

}  // namespace weft::server
