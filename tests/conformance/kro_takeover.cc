// tests/conformance/kro_takeover.cc: what kro left behind is taken over without being written to.
//
// --cases DIR: the folder with kro's README; reads DIR/takeover/*.json, each the objects of a real
// server. One case for each promise of the README and each object it is about.

#include <cstdio>
#include <set>

#include "../integration/world.h"
#include "cases.h"
#include "graph/labels.h"

namespace weft::test {
namespace {

using conformance::fail;
using conformance::pass;

constexpr std::string_view rgd_version = "kro.run/v1alpha1";
constexpr std::string_view rgd_kind = "ResourceGraphDefinition";

std::string id_of(const Object& object) {
    return cat(object.kind(), "/", object.key().text());
}

bool is_instance(const Object& object) {
    return object.label(graph::label_definition_name) != "" &&
           object.kind() != "CustomResourceDefinition" && object.kind() != "GraphRevision";
}

bool is_child(const Object& object) {
    return object.label(graph::label_node_id) != "" && !is_instance(object);
}

// An object without what a controller of another version may write anew.
Value without_marks(const Object& object) {
    Object out = object;
    for (const std::string_view counter : {"resourceVersion", "managedFields"}) {
        out.metadata().erase(counter);
    }
    if (Value* labels = object.value().find("metadata", "labels") == nullptr
                            ? nullptr
                            : &out.metadata().mutable_member("labels")) {
        labels->erase(graph::label_version);
    }
    if (Value* annotations = object.value().find("metadata", "annotations") == nullptr
                                 ? nullptr
                                 : &out.metadata().mutable_member("annotations")) {
        for (const std::string_view name :
             {graph::annotation_tooling, graph::annotation_group_kinds,
              graph::annotation_namespaces, graph::annotation_inventory_hash}) {
            annotations->erase(name);
        }
        if (annotations->empty()) {
            out.metadata().erase("annotations");
        }
    }
    return out.value();
}

void check(std::string_view id, bool is_good, std::string_view why) {
    if (is_good) {
        pass(id);
    } else {
        fail(id, why);
    }
}

class Takeover {
public:
    Takeover(World* world, std::vector<Object> objects, std::string file)
        : world_(world), objects_(std::move(objects)), file_(std::move(file)) {}

    io::Task<Status> play() {
        CO_TRY(co_await rest());
        CO_TRY(co_await check_untouched());
        // From here on Deployments are rolled out.
        cluster::Cluster workloads(world_->loop(), world_->transport(), {});
        Status done = co_await workloads.start();
        if (done) {
            done = co_await check_changes();
        }
        co_await workloads.stop();
        co_return done;
    }

private:
    io::Task<Status> check_changes() {
        CO_TRY(co_await check_fields_are_removed());
        CO_TRY(co_await check_instances_can_be_edited());
        co_return co_await check_deletion();
    }

    // Nothing was sent for ten seconds, and at least that much time passed.
    io::Task<Status> rest() {
        size_t before = 0;
        do {
            before = world_->sent()->lines.size();
            CO_TRY(co_await io::sleep(world_->loop(), 10 * io::second));
        } while (world_->sent()->lines.size() != before || !world_->manager()->is_idle());
        co_return Status{};
    }

    io::Task<Result<Object>> now(Object was) {
        co_return co_await world_->get(std::string(was.api_version()), std::string(was.kind()),
                                       std::string(was.name()), std::string(was.namespace_()));
    }

    io::Task<Status> check_untouched() {
        for (const Object& was : objects_) {
            const std::string id = cat(file_, ":untouched:", id_of(was));
            const Result<Object> is = co_await now(was);
            if (!is) {
                fail(id, is.error().text());
                continue;
            }
            const bool may_carry_marks = is_instance(was) || was.kind() == rgd_kind;
            const std::string difference =
                may_carry_marks ? conformance::difference(without_marks(was), without_marks(*is))
                                : conformance::difference(was.value(), is->value());
            check(id, difference.empty(), difference);
        }
        const kube::Resource revisions =
            CO_TRY(co_await world_->resource_of({"internal.kro.run", "v1alpha1", "GraphRevision"}));
        const kube::List list = CO_TRY(co_await world_->client()->list_all(revisions, {}));
        const auto had = std::ranges::count_if(
            objects_, [](const Object& object) { return object.kind() == "GraphRevision"; });
        check(cat(file_, ":no new revision"), std::cmp_equal(list.items.size(), had),
              cat("had ", had, ", now ", list.items.size()));
        std::string writes;
        for (const std::string& line : world_->sent()->lines) {
            const bool is_write = !line.starts_with("GET ");
            const bool is_allowed = line.starts_with("POST /apis/apiextensions.k8s.io/v1/") ||
                                    line.contains("kro.run%2Fapplyset-parent") ||
                                    line.contains("kro.run%2Flabeller");
            if (is_write && !is_allowed) {
                append(writes, line, "; ");
            }
        }
        check(cat(file_, ":no writes"), writes.empty(), writes);
        co_return Status{};
    }

    // A changed spec of an instance makes a pass and leaves it ACTIVE at its new generation.
    io::Task<Status> check_instances_can_be_edited() {
        for (const Object& was : objects_) {
            if (!is_instance(was)) {
                continue;
            }
            const std::string id = cat(file_, ":edit:", id_of(was));
            Object edited = CO_TRY(co_await now(was));
            Value spec = Value::map();
            if (const Value* present = edited.value().find("spec")) {
                for (const Member& member : present->members()) {
                    if (member.value.is_string() && spec.empty()) {
                        spec.set(member.name(), cat(member.value.as_string(), "-edited"));
                    }
                }
            }
            if (spec.empty()) {
                continue;  // It has nothing that can be changed without knowing what it means.
            }
            const kube::Resource resource =
                CO_TRY(co_await world_->resource_of(was.group_version_kind()));
            const auto patched = co_await world_->client()->patch(
                resource, was.key(), kube::PatchType::merge, Value::map_of({{"spec", spec}}), {});
            if (!patched) {
                conformance::skip(id, "the schema allows no such value");
                continue;
            }
            const int64_t generation = patched->generation();
            const Result<Object> done = co_await world_->wait(
                std::string(was.api_version()), std::string(was.kind()), std::string(was.name()),
                [generation](const Object& object) {
                    const Value* conditions = object.value().find("status", "conditions");
                    return is_active(object) && conditions != nullptr && !conditions->empty() &&
                           conditions->at(0).find("observedGeneration") != nullptr &&
                           conditions->at(0).int_at(0, "observedGeneration") == generation;
                },
                std::string(was.namespace_()));
            check(id, done.has_value(), done ? "" : done.error().text());
        }
        co_return Status{};
    }

    // A label, annotation or data key that is taken out of a template goes from the child that kro
    // made, since it is ours now.
    io::Task<Status> check_fields_are_removed() {
        for (const Object& was : objects_) {
            if (was.kind() != rgd_kind) {
                continue;
            }
            const kube::Resource resource =
                CO_TRY(co_await world_->resource_of(was.group_version_kind()));
            for (size_t i = 0; i < was.value().find("spec", "resources")->size(); ++i) {
                CO_TRY(co_await remove_from(resource, was, i));
            }
        }
        co_return Status{};
    }

    io::Task<Status> remove_from(kube::Resource resource, Object was, size_t index) {
        Object definition = CO_TRY(co_await now(was));
        const Value entry = definition.value().find("spec", "resources")->at(index);
        const Value* template_ = entry.find("template");
        if (template_ == nullptr) {
            co_return Status{};
        }
        std::vector<Path> paths;
        for (const Path& parent : {Path{"metadata", "labels"}, Path{"metadata", "annotations"},
                                   Path{"data"}, Path{"spec", "template", "metadata", "labels"}}) {
            const Value* found = parent.find_in(*template_);
            if (found == nullptr || !found->is_map() || found->empty()) {
                continue;
            }
            const Member& last = found->members()[found->size() - 1];
            const bool is_label_of_pods = parent.steps()[0] == PathStep(std::string("spec"));
            // Somebody reads what an expression makes of it, and selectors select.
            if (!is_label_of_pods || found->size() > 1) {
                paths.push_back(parent.child(last.name()));
            }
        }
        for (const Path& path : paths) {
            CO_TRY(co_await remove_path(resource, was, index, path,
                                        std::string(entry.string_at("id"))));
        }
        co_return Status{};
    }

    io::Task<Status> remove_path(kube::Resource resource, Object was, size_t index, Path path,
                                 std::string node) {
        const std::string id = cat(file_, ":remove:", was.name(), ".", node, ".", path.text());
        // Children that have the field.
        std::vector<Object> children;
        for (const Object& child : objects_) {
            const Result<Object> live =
                is_child(child) ? co_await now(child) : Result<Object>(child);
            if (live && is_child(child) && child.label(graph::label_node_id) == node &&
                is_of(child, was) && path.find_in(live->value()) != nullptr) {
                children.push_back(child);
            }
        }
        if (children.empty()) {
            co_return Status{};
        }
        Object definition = CO_TRY(co_await now(was));
        Value& spec = definition.mutable_value().mutable_member("spec");
        Value& template_ =
            spec.mutable_member("resources").mutable_item(index).mutable_member("template");
        if (!erase_at(template_, path.steps())) {
            co_return Status{};
        }
        const auto patched = co_await world_->client()->patch(
            resource, was.key(), kube::PatchType::merge,
            Value::map_of({{"spec", Value::map_of({{"resources", *spec.find("resources")}})}}), {});
        if (!patched) {
            fail(id, patched.error().text());
            co_return Status{};
        }
        const int64_t issued = patched->value().int_at(0, "status", "lastIssuedRevision");
        const auto settled = co_await world_->wait(
            std::string(rgd_version), std::string(rgd_kind), std::string(was.name()),
            [issued](const Object& object) {
                return object.value().int_at(0, "status", "lastIssuedRevision") > issued ||
                       object.value().string_at("status", "state") == "Inactive";
            },
            "", 20 * io::second);
        if (!settled || !is_active(*settled)) {
            // Something else reads the field; what was is put back.
            conformance::skip(id, "the graph needs it");
            CO_TRY(co_await world_->client()->patch(
                resource, was.key(), kube::PatchType::merge,
                Value::map_of({{"spec", *was.value().find("spec")}}), {}));
            CO_TRY(co_await rest());
            co_return Status{};
        }
        CO_TRY(co_await rest());
        for (const Object& child : children) {
            const Result<Object> live = co_await now(child);
            const bool is_gone = !live || path.find_in(live->value()) == nullptr;
            check(cat(id, ":", id_of(child)), is_gone, "the field is still there");
        }
        co_return Status{};
    }

    static bool erase_at(Value& value, std::span<const PathStep> steps) {
        const std::string& name = std::get<std::string>(steps[0]);
        if (!value.is_map() || !value.contains(name)) {
            return false;
        }
        if (steps.size() == 1) {
            value.erase(name);
            return true;
        }
        return erase_at(value.mutable_member(name), steps.subspan(1));
    }

    [[nodiscard]] bool is_of(const Object& child, const Object& definition) const {
        return std::ranges::any_of(objects_, [&](const Object& object) {
            return is_instance(object) && object.uid() == child.label(graph::label_instance_id) &&
                   object.label(graph::label_definition_name) == definition.name();
        });
    }

    // Deleting every instance leaves none of their children and everything of others.
    io::Task<Status> check_deletion() {
        for (const Object& was : objects_) {
            if (is_instance(was)) {
                CO_TRY(co_await world_->remove(std::string(was.api_version()),
                                               std::string(was.kind()), std::string(was.name()),
                                               std::string(was.namespace_())));
            }
        }
        for (const Object& was : objects_) {
            if (is_instance(was)) {
                const Status gone = co_await world_->wait_gone(
                    std::string(was.api_version()), std::string(was.kind()),
                    std::string(was.name()), std::string(was.namespace_()));
                check(cat(file_, ":delete:", id_of(was)), gone.has_value(),
                      gone ? "" : gone.error().text());
            }
        }
        for (const Object& was : objects_) {
            if (is_instance(was) || was.kind() == "GraphRevision") {
                continue;  // Of revisions the newest are kept.
            }
            const Result<Object> is = co_await now(was);
            if (is_child(was)) {
                check(cat(file_, ":child gone:", id_of(was)), !is, "it is still there");
            } else {
                check(cat(file_, ":stranger stays:", id_of(was)), is.has_value(),
                      is ? "" : is.error().text());
            }
        }
        co_return Status{};
    }

    World* world_;
    std::vector<Object> objects_;
    std::string file_;
};

io::Task<Status> run_world(World* world, std::vector<Object> objects, std::string file) {
    Status done = co_await world->start();
    if (done) {
        Takeover takeover(world, std::move(objects), std::move(file));
        done = co_await takeover.play();
    }
    co_await world->stop();
    co_return done;
}

int run_files(const std::filesystem::path& folder) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".json") {
            continue;
        }
        const std::string file = entry.path().filename();
        const Value document = conformance::read_json(entry.path());
        const Value* list = document.find("objects");
        list = list == nullptr ? document.find("items") : list;
        if (list == nullptr) {
            continue;
        }
        std::vector<Object> objects;
        for (const Value& item : list->items()) {
            objects.emplace_back(item);
        }
        io::sim::VirtualLoop loop(7);
        // Statuses of Deployments are what the file says.
        World world(&loop,
                    {.seed = 7, .workloads = cluster::WorkloadMode::off, .restored = objects});
        const Status done = io::run(&loop, run_world(&world, objects, file));
        check(cat(file, ":the world lives"), done.has_value(), done ? "" : done.error().text());
    }
    return 0;
}

}  // namespace
}  // namespace weft::test

int main(int count, char** words) {
    return weft::test::run_files(weft::conformance::cases_folder(count, words) / "takeover");
}
