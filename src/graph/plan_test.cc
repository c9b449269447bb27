// graph/plan_test.cc: instances brought to rest against a world in a map.

#include "graph/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/labels.h"

namespace weft::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Value yaml(std::string_view text) {
    Result<Value> value = parse_yaml_value(text);
    EXPECT_TRUE(value) << (value ? "" : value.error().message());
    return value ? *std::move(value) : Value::map();
}

SharedGraph graph_of(std::string_view spec) {
    const Object object(Value::map_of(
        {{"metadata", Value::map_of({{"name", "web"}, {"uid", "d-1"}})}, {"spec", yaml(spec)}}));
    CompileContext context;
    context.find_kind = builtin_kind_facts;
    context.budget.cost = UINT64_MAX - 1;  // costs are counted, but nothing is refused
    context.gates.cel_omit_function = true;
    Diagnostics told;
    const Compiled compiled = compile(parse_definition(object, &told), context);
    EXPECT_NE(compiled.graph, nullptr) << first_error_text(compiled.diagnostics);
    return compiled.graph;
}

// fieldsV1 of an applied object whose lists are atomic.
Value owned(const Value& value) {
    Value out = Value::map();
    for (const Member& member : value.members()) {
        out.set(cat("f:", member.name()), owned(member.value));
    }
    return out;
}

// A server of objects: apply replaces what it is given, gives a uid and counts versions.
class World {
public:
    explicit World(std::string_view spec, std::string_view instance) : graph_(graph_of(spec)) {
        instance_ = Object(yaml(instance));
        instance_.mutable_value().set("apiVersion", "kro.run/v1alpha1");
        instance_.mutable_value().set("kind", "Web");
        instance_.metadata().set("name", "my");
        instance_.metadata().set("namespace", "default");
        instance_.metadata().set("uid", "i-1");
        instance_.metadata().set("generation", 1);
        instance_.metadata().set("creationTimestamp", "2026-01-01T00:00:00Z");
    }

    Plan plan_now() {
        PlanOptions with_budget = options();
        with_budget.budget = budget_;
        return plan(*graph_, instance_, observed_, with_budget);
    }

    static PlanOptions options() {
        PlanOptions out;
        out.now = *parse_rfc3339("2026-01-01T00:01:00Z");
        return out;
    }

    // Observes, plans and carries out until there is nothing to do; tells what was done.
    std::vector<std::string> settle() {
        std::vector<std::string> done;
        // As a controller does: what is in the caches is looked at anew.
        observed_ = Observed();
        for (int turn = 0; turn < 50; ++turn) {
            last_ = plan_now();
            if (!last_.needs_observation() && !last_.has_actions()) {
                return done;
            }
            if (last_.needs_observation()) {
                observe(last_);
                continue;
            }
            for (const Action& action : last_.actions) {
                carry_out(action, done);
            }
        }
        ADD_FAILURE() << "does not come to rest";
        return done;
    }

    Object* find(std::string_view name, std::string_view kind = "ConfigMap") {
        for (auto& [key, object] : objects_) {
            if (key.name.name == name && key.kind.kind == kind) {
                return &object;
            }
        }
        return nullptr;
    }
    void put(std::string_view text) {
        Object object(yaml(text));
        if (object.namespace_().empty()) {
            object.metadata().set("namespace", "default");
        }
        objects_[{object.group_version_kind(), object.key()}] = object;
    }
    void set_status(Object* object, std::string_view status) {
        object->mutable_value().set("status", yaml(status));
        object->metadata().set("resourceVersion", cat(++version_));
    }
    NodePlan node(std::string_view id) {
        for (const NodePlan& node : last_.nodes) {
            if (node.id == id) {
                return node;
            }
        }
        return {};
    }
    std::string condition(std::string_view type) {
        for (const Condition& condition : conditions_from(last_.status.value.find("conditions"))) {
            if (condition.type == type) {
                return cat(condition.status, " ", condition.reason.value_or("-"), ": ",
                           condition.message.value_or("-"));
            }
        }
        return "none";
    }

    Object instance_;
    Budget budget_;
    Plan last_;
    std::map<ObjectKey, Object> objects_;
    std::string refuses_;  // the name of an object that may not be applied

private:
    void observe(const Plan& plan) {
        for (const Interest& interest : plan.unknown) {
            if (interest.by_name) {
                const auto found = objects_.find({interest.kind, interest.name});
                observed_.see({interest.kind, interest.name}, found == objects_.end()
                                                                  ? std::nullopt
                                                                  : std::optional(found->second));
                continue;
            }
            std::vector<Object> items;
            for (const auto& [key, object] : objects_) {
                if (key.kind == interest.kind) {
                    items.push_back(object);
                }
            }
            observed_.see_list(interest.node, std::move(items));
        }
        if (plan.needs_members) {
            std::vector<Object> members;
            for (const auto& [key, object] : objects_) {
                if (object.label(label_part_of) == apply_set_id(instance_)) {
                    members.push_back(object);
                }
            }
            observed_.see_members(std::move(members));
        }
    }

    void carry_out(const Action& action, std::vector<std::string>& done) {
        if (const auto* apply = std::get_if<Apply>(&action.what)) {
            if (apply->node.empty()) {
                return apply_instance(*apply, done);
            }
            const ObjectKey key{apply->desired.group_version_kind(), apply->desired.key()};
            if (key.name.name == refuses_) {
                observed_.see_failed(key, make_error(Reason::internal_error, "refused"));
                return;
            }
            done.push_back(cat("apply ", key.name.name));
            const auto old = objects_.find(key);
            Object answer = apply->desired;
            if (old != objects_.end()) {
                answer.metadata().set("uid", old->second.uid());
                if (const Value* status = old->second.value().find("status")) {
                    answer.mutable_value().set("status", *status);
                }
            } else {
                answer.metadata().set("uid", cat("u-", ++version_));
            }
            Value fields = owned(apply->desired.value());
            answer.metadata().set("resourceVersion", cat(++version_));
            answer.metadata().set(
                "managedFields",
                Value::list_of({Value::map_of({{"manager", apply->field_manager},
                                               {"operation", "Apply"},
                                               {"fieldsV1", std::move(fields)}})}));
            objects_[key] = answer;
            observed_.see_applied(key, apply->desired, answer);
        } else if (const auto* prune = std::get_if<Prune>(&action.what)) {
            done.push_back(cat("prune ", prune->key.name.name));
            Object& pruned = objects_.at(prune->key);
            if (pruned.value().find("metadata", "finalizers") != nullptr) {
                pruned.metadata().set("deletionTimestamp", "2026-01-01T00:01:00Z");
                observed_.see_pruned(prune->key, "2026-01-01T00:01:00Z");
            } else {
                objects_.erase(prune->key);
                observed_.see_pruned(prune->key);
            }
        }
    }

    void apply_instance(const Apply& apply, std::vector<std::string>& done) {
        done.push_back(cat("instance by ", apply.field_manager));
        const Value& metadata = *apply.desired.value().find("metadata");
        for (const std::string_view name : {"labels", "annotations"}) {
            if (const Value* entries = metadata.find(name)) {
                for (const Member& entry : entries->members()) {
                    instance_.metadata().mutable_member(name).set(entry.name(), entry.value);
                }
            }
        }
        if (const Value* finalizers = metadata.find("finalizers")) {
            instance_.metadata().set("finalizers", *finalizers);
        }
    }

    SharedGraph graph_;
    Observed observed_;
    int version_ = 0;
};

constexpr std::string_view chain = R"(
schema:
  kind: Web
  apiVersion: v1alpha1
  spec: {name: string, zones: "[]string"}
  status: {secret: "${a.data.key}", name: "${schema.spec.name}"}
resources:
- id: b
  template:
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: "${a.metadata.name}-b"}
    data: {from: "${a.data.key}"}
- id: a
  template:
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: "${schema.spec.name}"}
    data: {key: value}
)";

TEST(Plan, ReleasesADependentInTheSameRun) {
    World world(chain, "spec: {name: x}");

    EXPECT_THAT(world.settle(),
                ElementsAre("instance by kro.run/labeller", "instance by kro.run/applyset-parent",
                            "apply x", "apply x-b"));

    EXPECT_EQ(world.last_.status.state, "ACTIVE");
    EXPECT_TRUE(world.last_.status.is_ready);
    EXPECT_EQ(world.condition("Ready"), "True Ready: ");
    EXPECT_EQ(world.last_.status.value.string_at("secret"), "value");
    EXPECT_EQ(world.last_.status.value.string_at("name"), "x");
    EXPECT_TRUE(world.last_.is_at_rest());
    EXPECT_THAT(world.settle(), ElementsAre()) << "a world at rest is not written to";
}

// A definition that was deleted and is there again has another uid, which is on its instances.
TEST(Plan, NewLabelsDoNotTakeTheRecordOfChildrenAway) {
    World world(chain, "spec: {name: x}");
    world.instance_.metadata().set("resourceVersion", "7");
    world.instance_.metadata().set("finalizers", Value::list_of({finalizer}));
    world.instance_.set_label(label_definition_id, "of-before");
    world.instance_.set_label(label_apply_set_id, "some-id");
    world.instance_.set_annotation(annotation_tooling, "kro/v1");
    const auto labels_of = [&world] {
        const Plan plan = world.plan_now();
        const auto* apply = std::get_if<Apply>(&plan.actions.at(0).what);
        CHECK(apply != nullptr && apply->field_manager == manager_labeller);
        return apply->desired;
    };

    // Nobody but the labeller can have written it.
    const Object kept = labels_of();
    EXPECT_EQ(kept.label(label_apply_set_id), "some-id");
    EXPECT_EQ(kept.annotation(annotation_tooling), "kro/v1");
    EXPECT_EQ(kept.resource_version(), "7");

    world.instance_.metadata().set(
        "managedFields",
        yaml("[{manager: kro.run/applyset-parent, operation: Apply, fieldsV1: {}}]"));
    EXPECT_EQ(labels_of().label(label_apply_set_id), "");
}

TEST(Plan, WritesWhatKroWritesOnChildren) {
    World world(chain, "spec: {name: x}");
    world.settle();

    const Object* child = world.find("x-b");
    ASSERT_NE(child, nullptr);
    EXPECT_EQ(child->namespace_(), "default");
    EXPECT_EQ(child->label(label_node_id), "b");
    EXPECT_EQ(child->label(label_instance_id), "i-1");
    EXPECT_EQ(child->label(label_instance_kind), "Web");
    EXPECT_EQ(child->label(label_managed_by), "kro");
    EXPECT_EQ(child->label(label_part_of), apply_set_id(world.instance_));
    EXPECT_EQ(child->annotation(annotation_apply_order), "2");
    EXPECT_EQ(world.instance_.annotation(annotation_group_kinds), "ConfigMap");
    EXPECT_TRUE(check_inventory(world.instance_));
}

TEST(Plan, RepairsDriftAndPrunesWhatIsNoLongerWanted) {
    World world(chain, "spec: {name: x}");
    world.settle();

    world.find("x")->mutable_value().set("data", yaml("{key: other}"));
    EXPECT_THAT(world.settle(), ElementsAre("apply x"));

    world.instance_.mutable_value().set("spec", yaml("{name: z}"));
    EXPECT_THAT(world.settle(), ElementsAre("apply z", "apply z-b", "prune x-b", "prune x"));
}

TEST(Plan, SaysWhatWaitsForWhatAndWhy) {
    World world(R"(
schema: {kind: Web, apiVersion: v1alpha1, spec: {name: string}}
resources:
- id: db
  template: {apiVersion: apps/v1, kind: Deployment, metadata: {name: db}}
  readyWhen: ["${db.status.readyReplicas == 1}"]
- id: web
  template:
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: web}
    data: {ready: "${string(db.status.readyReplicas)}"}
- id: other
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: other}}
)",
                "spec: {name: x}");
    world.settle();

    EXPECT_EQ(world.node("db").state, NodeState::waiting_for_readiness);
    EXPECT_EQ(world.node("web").waits_for, "db");
    EXPECT_THAT(world.node("web").why,
                HasSubstr("waiting for `db`: readyWhen[0] `db.status.readyReplicas == 1`: no such "
                          "key: "));
    EXPECT_NE(world.find("other"), nullptr) << "independent branches go on";
    EXPECT_EQ(world.last_.status.state, "IN_PROGRESS");
    EXPECT_EQ(world.condition("ResourcesReady"),
              "False NotReady: resource reconciliation failed: apply results contain errors: "
              "waiting for node \"db\": node \"db\": failed to evaluate readyWhen expression: "
              "\"db.status.readyReplicas == 1\" (waiting for readiness)");

    world.set_status(world.find("db", "Deployment"), "{readyReplicas: 0}");
    world.settle();
    EXPECT_EQ(world.condition("ResourcesReady"),
              "False NotReady: resource reconciliation failed: apply results contain errors: "
              "waiting for node \"db\": readyWhen condition evaluated to false: "
              "\"db.status.readyReplicas == 1\" (waiting for readiness)");

    world.set_status(world.find("db", "Deployment"), "{readyReplicas: 1}");
    EXPECT_THAT(world.settle(), ElementsAre("apply web"));
    EXPECT_EQ(world.last_.status.state, "ACTIVE");
}

TEST(Plan, LeavesOutWhatIsNotIncludedAndAllThatNeedsIt) {
    World world(R"(
schema: {kind: Web, apiVersion: v1alpha1, spec: {included: boolean}}
resources:
- id: a
  includeWhen: ["${schema.spec.included}"]
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v}}
- id: b
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: b}, data: {k: "${a.data.k}"}}
)",
                "spec: {included: true}");
    world.settle();
    EXPECT_EQ(world.objects_.size(), 2U);

    world.instance_.mutable_value().set("spec", yaml("{included: false}"));

    EXPECT_THAT(world.settle(),
                ElementsAre("prune b", "prune a", "instance by kro.run/applyset-parent"));
    EXPECT_EQ(world.node("b").state, NodeState::skipped);
    EXPECT_EQ(world.last_.status.state, "ACTIVE");
}

// The record keeps the kind, and the instance is not ready: as kro 0.9.3 has it.
TEST(Plan, IsNotSettledWhileAFinalizerHoldsWhatWasPruned) {
    World world(R"(
schema: {kind: Web, apiVersion: v1alpha1, spec: {included: boolean}}
resources:
- id: a
  includeWhen: ["${schema.spec.included}"]
  template:
    {apiVersion: v1, kind: ConfigMap, metadata: {name: a, finalizers: [example.com/hold]}}
)",
                "spec: {included: true}");
    world.settle();
    world.instance_.mutable_value().set("spec", yaml("{included: false}"));

    EXPECT_THAT(world.settle(), ElementsAre("prune a"));
    EXPECT_EQ(world.condition("ResourcesReady"),
              "False NotReady: resource reconciliation failed: cluster mutated");
    EXPECT_EQ(world.last_.status.state, "ACTIVE");
    EXPECT_THAT(world.settle(), ElementsAre());

    world.objects_.clear();
    EXPECT_THAT(world.settle(), ElementsAre("instance by kro.run/applyset-parent"));
    EXPECT_EQ(world.condition("ResourcesReady"),
              "True AllResourcesReady: all resources are created and ready");
}

TEST(Plan, MakesOneObjectForEachItem) {
    World world(R"(
schema: {kind: Web, apiVersion: v1alpha1, spec: {zones: "[]string", tiers: "[]string"}}
resources:
- id: configs
  forEach: [{zone: "${schema.spec.zones}"}, {tier: "${schema.spec.tiers}"}]
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${zone}-${tier}"}, data: {z: "${zone}"}}
  readyWhen: ["${each.data.z != ''}"]
- id: all
  template:
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: all}
    data: {zones: "${configs[0].data.z + configs[configs.size() - 1].data.z}"}
)",
                "spec: {zones: [b, a], tiers: [s, t]}");

    EXPECT_THAT(world.settle(),
                ElementsAre("instance by kro.run/labeller", "instance by kro.run/applyset-parent",
                            "apply b-s", "apply b-t", "apply a-s", "apply a-t", "apply all"));
    EXPECT_EQ(world.find("all")->value().string_at("data", "zones"), "ba");
    EXPECT_EQ(world.find("a-s")->label(label_collection_index), "2");
    EXPECT_EQ(world.find("a-s")->label(label_collection_size), "4");

    world.instance_.mutable_value().set("spec", yaml("{zones: [a], tiers: [s]}"));
    EXPECT_THAT(world.settle(),
                ElementsAre("apply a-s", "apply all", "prune a-t", "prune b-s", "prune b-t"));

    world.instance_.mutable_value().set("spec", yaml("{zones: [a, a], tiers: [s]}"));
    world.settle();
    EXPECT_THAT(world.condition("Ready"),
                HasSubstr("node \"configs\" identity collision: duplicate identity: "
                          "/v1/ConfigMap/"));
    EXPECT_EQ(world.last_.status.state, "ERROR");
}

TEST(Plan, ReadsWhatOthersOwn) {
    World world(R"(
schema: {kind: Web, apiVersion: v1alpha1, spec: {name: string}}
resources:
- id: one
  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.spec.name}"}}
- id: many
  externalRef: {apiVersion: v1, kind: Secret, metadata: {selector: {matchLabels: {a: b}}}}
- id: copy
  template:
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: copy}
    data: {k: "${one.data.k}", count: "${string(many.size())}"}
)",
                "spec: {name: x}");
    world.settle();
    EXPECT_EQ(world.find("copy"), nullptr);
    EXPECT_EQ(world.condition("ResourcesReady"),
              "False NotReady: resource reconciliation failed: apply results contain errors: "
              "waiting for external reference \"one\": not found");
    EXPECT_FALSE(world.last_.wants_retry()) << "it is watched";

    world.put("{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {k: v}}");
    world.put("{apiVersion: v1, kind: Secret, metadata: {name: s}}");
    EXPECT_THAT(world.settle(), ElementsAre("instance by kro.run/applyset-parent", "apply copy"));
    EXPECT_EQ(world.find("copy")->value().string_at("data", "count"), "1");
    EXPECT_EQ(world.find("x")->label(label_part_of), "");
}

TEST(Plan, TakesOmittedFieldsAway) {
    World world(R"(
schema: {kind: Web, apiVersion: v1alpha1, spec: {name: string}}
resources:
- id: a
  template:
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: a}
    data: {k: "${schema.spec.name == '' ? omit() : schema.spec.name}", l: m}
)",
                "spec: {name: ''}");
    world.settle();
    ASSERT_NE(world.find("a"), nullptr);
    EXPECT_EQ(*world.find("a")->value().find("data"), yaml("{l: m}"));
}

constexpr std::string_view items_spec = R"(
schema: {kind: Web, apiVersion: v1alpha1, spec: {items: '[]string'}}
resources:
- id: config
  forEach: [{entry: '${schema.spec.items}'}]
  template:
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: '${entry}'}
    data: {all: '${schema.spec.items.map(i, i + "!").join("")}'}
)";

TEST(Plan, MakesNothingBeyondTheBudgetOfObjectsAndSaysSo) {
    World world(items_spec, "spec: {items: [a, b, c]}");
    world.budget_.objects = 2;

    world.settle();

    EXPECT_TRUE(world.objects_.empty());
    EXPECT_EQ(world.node("config").state, NodeState::error);
    EXPECT_THAT(world.condition("ResourcesReady"),
                HasSubstr("with its 3 objects the instance has 3, which exceeds the budget of 2 "
                          "(--max-objects)"));
}

TEST(Plan, StopsAtTheBudgetOfCostAndSaysSo) {
    World world(items_spec, "spec: {items: [a, b, c]}");
    world.budget_.cost = 10;

    world.settle();

    EXPECT_EQ(world.node("config").state, NodeState::error);
    EXPECT_THAT(world.condition("ResourcesReady"), HasSubstr("cost budget (--max-cost)"));
    world.budget_.cost = 10'000;
    EXPECT_THAT(world.settle(), ::testing::Contains("apply c"));
}

TEST(Plan, StopsTheBranchOfABrokenExpressionOnly) {
    World world(R"(
schema: {kind: Web, apiVersion: v1alpha1, spec: {number: integer}}
resources:
- id: broken
  template:
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: broken}
    data: {k: "${string(1 / schema.spec.number)}"}
- id: needs
  template:
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: "${broken.metadata.name}-x"}
- id: other
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: other}}
)",
                "spec: {number: 0}");
    world.settle();

    EXPECT_NE(world.find("other"), nullptr);
    EXPECT_EQ(world.objects_.size(), 1U);
    EXPECT_EQ(world.condition("ResourcesReady"),
              "False NotReady: resource reconciliation failed: node \"broken\": "
              "eval \"string(1 / schema.spec.number)\": division by zero");
    EXPECT_EQ(world.last_.status.state, "ERROR");
    EXPECT_EQ(world.node("needs").waits_for, "broken");
}

TEST(Plan, NamesTheExpressionOfACollectionAsKroDoes) {
    const auto told = [](std::string_view list, std::string_view fixed, std::string_view own) {
        World world(cat(R"(
schema: {kind: Web, apiVersion: v1alpha1, spec: {number: integer}}
resources:
- id: many
  forEach: [{x: ")",
                        list, R"("}]
  template:
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: "${x}"}
    data: {fixed: ")",
                        fixed, R"(", own: ")", own, "\"}\n"),
                    "spec: {number: 0}");
        world.settle();
        return world.condition("ResourcesReady");
    };

    EXPECT_EQ(
        told("${['a']}", "a", "v${string(int(x))}"),
        "False NotReady: resource reconciliation failed: collection iteration eval "
        "\"\\\"v\\\" + (string(int(x)))\": eval \"v${string(int(x))}\": type conversion error "
        "from 'string' to 'int'");
    EXPECT_EQ(told("${['a']}", "${string(1 / schema.spec.number)}", "b"),
              "False NotReady: resource reconciliation failed: node \"many\" base eval: eval "
              "\"string(1 / schema.spec.number)\": division by zero");
    EXPECT_EQ(told("${[string(1 / schema.spec.number)]}", "a", "b"),
              "False NotReady: resource reconciliation failed: forEach \"x\": eval "
              "\"[string(1 / schema.spec.number)]\": division by zero");
}

// kro writes no status at all then.
TEST(Plan, WritesTheRestOfAStatusOfWhichOneFieldIsBroken) {
    World world(R"(
schema:
  kind: Web
  apiVersion: v1alpha1
  spec: {name: string}
  status: {broken: "${int(web.data.k)}", whole: "${web.data.k}"}
resources:
- id: web
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: web}, data: {k: text}}
)",
                "spec: {name: x}");
    world.settle();

    EXPECT_EQ(world.last_.status.state, "ERROR");
    EXPECT_EQ(world.last_.status.value.string_at("whole"), "text");
    EXPECT_FALSE(world.last_.status.value.contains("broken"));
    EXPECT_EQ(world.condition("Ready"), "True Ready: ");
}

TEST(Plan, RefusesASelectorThatKubernetesWouldRefuse) {
    const auto told = [](std::string_view expression) {
        World world(cat(R"(
schema: {kind: Web, apiVersion: v1alpha1, spec: {name: string}}
resources:
- id: all
  externalRef: {apiVersion: v1, kind: Secret, metadata: {selector: {matchExpressions: [)",
                        expression, R"(]}}}
- id: reads
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "n${string(all.size())}"}}
)"),
                    "spec: {name: x}");
        world.settle();
        EXPECT_EQ(world.last_.status.state, "ERROR");
        EXPECT_TRUE(world.objects_.empty());
        return world.condition("ResourcesReady");
    };
    constexpr std::string_view front =
        "False NotReady: resource reconciliation failed: invalid label selector for all: ";

    EXPECT_EQ(told("{key: x, operator: Nope}"),
              cat(front, "\"Nope\" is not a valid label selector operator"));
    EXPECT_EQ(told("{key: x, operator: In}"),
              cat(front,
                  "values: Invalid value: null: for 'in', 'notin' operators, values set "
                  "can't be empty"));
    EXPECT_EQ(told("{key: x, operator: Exists, values: [a]}"),
              cat(front,
                  "values: Invalid value: [\"a\"]: values set must be empty for exists and "
                  "does not exist"));
}

TEST(Plan, RefusesTwoNodesThatWantOneObject) {
    World world(R"(
schema: {kind: Web, apiVersion: v1alpha1, spec: {name: string}}
resources:
- id: a
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: same}}
- id: b
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: same}}
)",
                "spec: {name: x}");
    world.settle();

    EXPECT_TRUE(world.objects_.empty());
    EXPECT_EQ(world.condition("ResourcesReady"),
              "False NotReady: resource reconciliation failed: found resources with conflicts: "
              "resourceID: b conflicts with resourceID: a");
    EXPECT_EQ(world.last_.status.state, "IN_PROGRESS");
}

TEST(Plan, WaitsForAFieldOfTheSpecThatIsNotSet) {
    World world(R"(
schema: {kind: Web, apiVersion: v1alpha1, spec: {name: string, other: string}}
resources:
- id: a
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: "${schema.spec.other}"}}
)",
                "spec: {name: x}");
    world.settle();

    EXPECT_EQ(world.last_.status.state, "IN_PROGRESS");
    EXPECT_EQ(
        world.condition("ResourcesReady"),
        "False NotReady: resource reconciliation failed: waiting for unresolved resource: gvr "
        "\"/v1, Resource=configmaps\": node \"a\": failed to evaluate expression: eval "
        "\"schema.spec.other\": no such key: other (data pending)");
    EXPECT_THAT(world.node("a").why, HasSubstr("no such key: other"));
}

TEST(Plan, DoesNotFightForAnObjectOfAnotherInstance) {
    World world(chain, "spec: {name: x}");
    world.put(R"({apiVersion: v1, kind: ConfigMap, metadata: {name: x,
        labels: {applyset.kubernetes.io/part-of: other}}, data: {key: value}})");
    world.settle();

    EXPECT_THAT(world.condition("ResourcesReady"),
                HasSubstr("resource belongs to a different ApplySet: default/x (/v1, "
                          "Kind=ConfigMap) belongs to ApplySet \"other\", cannot reassign to"));
    EXPECT_EQ(world.last_.status.state, "ERROR");
    EXPECT_TRUE(world.last_.wants_retry());
}

// As kro 0.9.3 does; the other items are made all the same.
TEST(Plan, ACollectionTellsItsFirstErrorOnly) {
    World world(R"(
schema: {kind: Web, apiVersion: v1alpha1, spec: {zones: "[]string"}}
resources:
- id: configs
  forEach: [{zone: "${schema.spec.zones}"}]
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${zone}"}, data: {z: "${zone}"}}
)",
                "spec: {zones: [a, b, c]}");
    for (const std::string_view name : {"b", "c"}) {
        world.put(cat("{apiVersion: v1, kind: ConfigMap, metadata: {name: ", name,
                      ", labels: {applyset.kubernetes.io/part-of: other}}}"));
    }
    world.settle();

    EXPECT_NE(world.find("a"), nullptr);
    EXPECT_THAT(
        world.condition("ResourcesReady"),
        HasSubstr("collection item 1: resource belongs to a different ApplySet: default/b"));
    EXPECT_THAT(world.condition("ResourcesReady"), Not(HasSubstr("collection item 2")));
}

// Left by an instance of the same name; the server refuses the apply that would take it over.
TEST(Plan, WhatCouldNotBeTakenOverIsNotThereForItsDependents) {
    World world(R"(
schema: {kind: Web, apiVersion: v1alpha1}
resources:
- id: a
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v}}
- id: b
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: b}, data: {k: "${a.data.k}"}}
)",
                "spec: {}");
    world.put("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: old}}");
    world.refuses_ = "a";
    EXPECT_THAT(world.settle(), Not(testing::Contains("apply b")));
    EXPECT_EQ(world.node("a").state, NodeState::error);
    EXPECT_EQ(world.find("b"), nullptr);

    world.refuses_.clear();
    EXPECT_THAT(world.settle(), ElementsAre("apply a", "apply b"));
}

TEST(Plan, WaitsWhileAnObjectIsBeingDeleted) {
    World world(chain, "spec: {name: x}");
    world.settle();
    world.find("x")->metadata().set("deletionTimestamp", "2026-01-01T00:00:30Z");

    EXPECT_THAT(world.settle(), ElementsAre());
    EXPECT_THAT(world.condition("ResourcesReady"),
                HasSubstr("False ResourceDeleting: resource \"default/x\" for node \"a\" is "
                          "currently being deleted; waiting"));
}

TEST(Plan, DoesNothingWhileSuspended) {
    World world(chain, "spec: {name: x}");
    world.settle();
    world.instance_.set_annotation(annotation_reconcile, "Suspended");
    world.instance_.mutable_value().set("spec", yaml("{name: x}"));
    world.find("x")->mutable_value().set("data", yaml("{key: other}"));

    EXPECT_THAT(world.settle(), ElementsAre());
    EXPECT_EQ(world.condition("ResourcesReady"),
              "False ReconciliationSuspended: reconciliation suspended via kro.run/reconcile "
              "annotation");
    EXPECT_EQ(world.last_.status.value.string_at("name"), "x");
}

TEST(Plan, ShowsOnlyTheAuthorsConditions) {
    World world(R"(
schema:
  kind: Web
  apiVersion: v1alpha1
  spec: {name: string}
  status:
    conditions:
    - "${runtime.newCondition({type: 'Up', status: runtime.condition(schema, 'ResourcesReady').status, reason: 'R', message: ''})}"
resources:
- id: a
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
)",
                "spec: {name: x}");
    world.settle();

    EXPECT_EQ(world.condition("Up"), "True R: -");
    EXPECT_EQ(world.condition("Ready"), "none");
    EXPECT_EQ(world.last_.status.state, "ACTIVE");
}

TEST(DeletionPlan, GoesInWavesAndTrustsOnlyItsInventory) {
    World world(chain, "spec: {name: x}");
    world.settle();
    Object instance = world.instance_;
    instance.metadata().set("deletionTimestamp", "2026-01-01T00:00:30Z");
    std::vector<Object> members = {*world.find("x"), *world.find("x-b")};

    Result<DeletionPlan> first = deletion_plan(instance, members, false, World::options());
    ASSERT_TRUE(first);
    ASSERT_EQ(first->actions.size(), 1U);
    EXPECT_EQ(std::get<Prune>(first->actions[0].what).key.name.name, "x-b");
    EXPECT_EQ(first->why, "deleting apply-order wave 2");
    EXPECT_EQ(first->status.value.string_at("state"), "DELETING");

    members[1].metadata().set("deletionTimestamp", "2026-01-01T00:00:31Z");
    EXPECT_TRUE(deletion_plan(instance, members, false, World::options())->actions.empty());
    members.pop_back();
    EXPECT_EQ(deletion_plan(instance, members, false, World::options())->actions.size(), 1U);
    EXPECT_TRUE(deletion_plan(instance, {}, false, World::options())->is_done);

    instance.set_annotation(annotation_group_kinds, "Secret");
    EXPECT_THAT(deletion_plan(instance, members, false, World::options()).error().message(),
                HasSubstr("validate deletion inventory: internal.kro.run/applyset-inventory-hash"));
}

}  // namespace
}  // namespace weft::graph
