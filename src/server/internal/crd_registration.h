// server/internal/crd_registration.h: definitions become served kinds in the same write.

#pragma once

#include <map>
#include <string>
#include <vector>

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
    // What others have to know of a definition; what is not established holds names as well.
    void remember_names(const Value& object);
    void forget_names(const Value& object);
    [[nodiscard]] std::vector<const Value*> others_of(const Value& object) const;
    // Stores the status of a definition that was written; the object as it is then.
    [[nodiscard]] io::Task<Value> settle(Value object);
    [[nodiscard]] io::Task<void> finish_deletion(std::string name);
    [[nodiscard]] io::Task<Status> delete_instances(std::string group, std::string plural);

    Core* core_;
    io::Scope scope_;
    // Group -> name of a definition -> its group, name, accepted names and conditions. Reading the
    // store for each new definition would cost by how many there are.
    std::map<std::string, std::map<std::string, Value, std::less<>>, std::less<>> names_;
};

}  // namespace weft::server
