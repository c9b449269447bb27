// merge/managed_fields_test.cc: proof of managed_fields.h.

#include "merge/managed_fields.h"

#include <functional>
#include <gtest/gtest.h>

#include "object/json.h"
#include "schema/builtin.h"

namespace weft::merge {
namespace {

constexpr Time start{.seconds = 1'700'000'000, .nanos = 0};
constexpr Time later{.seconds = 1'700'000'100, .nanos = 0};

Object object_of(std::string_view json) {
    return Object(parse_json(json).value());
}

schema::SchemaPtr deployment_schema() {
    return schema::Builtin::get().find_kind(
        {.group = "apps", .version = "v1", .kind = "Deployment"});
}

ApplyOptions by(std::string_view manager, Time now = start, bool force = false) {
    ApplyOptions options;
    options.manager = manager;
    options.api_version = "apps/v1";
    options.now = now;
    options.schema = deployment_schema();
    options.force = force;
    return options;
}

Object deployment(int replicas, std::string_view image = "web:1") {
    return object_of(cat(
        R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"default"},)",
        R"("spec":{"replicas":)", replicas, R"(,"selector":{"matchLabels":{"app":"web"}},)",
        R"("template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"web","image":")",
        image, R"(","ports":[{"containerPort":80}]}]}}}})"));
}

Object stored(Object object) {
    object.metadata().set("uid", "u1");
    return object;
}

std::string fields_of(const Object& object, size_t entry) {
    return to_json(*object.value().find("metadata", "managedFields")->at(entry).find("fieldsV1"));
}

TEST(Apply, CreatesAnObjectWithOneEntry) {
    const Result<ApplyResult> created = apply(nullptr, deployment(2), by("tool"));

    ASSERT_TRUE(created) << created.error().message();
    EXPECT_TRUE(created->changed);
    EXPECT_EQ(
        to_json(*created->object.value().find("metadata", "managedFields")),
        R"([{"manager":"tool","operation":"Apply","apiVersion":"apps/v1",)"
        R"("time":"2023-11-14T22:13:20Z","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{)"
        R"("f:replicas":{},"f:selector":{},"f:template":{"f:metadata":{"f:labels":{"f:app":{}}},)"
        R"("f:spec":{"f:containers":{"k:{\"name\":\"web\"}":{".":{},"f:image":{},"f:name":{},)"
        R"("f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},)"
        R"("f:containerPort":{}}}}}}}}}}])");
}

TEST(Apply, OfTheSameAgainIsTheLiveObjectItself) {
    const Object live = stored(apply(nullptr, deployment(2), by("tool")).value().object);

    const Result<ApplyResult> again = apply(&live, deployment(2), by("tool", later));

    ASSERT_TRUE(again);
    EXPECT_FALSE(again->changed);
    EXPECT_TRUE(again->object.value().is_same(live.value()));
}

TEST(Apply, NamesTheManagerAndTheFieldOfAConflict) {
    const Object created = stored(apply(nullptr, deployment(2), by("tool")).value().object);
    Object scaled = created;
    scaled.mutable_value().mutable_member("spec").set("replicas", 5);
    const Object live = update(&created, scaled, by("scaler", later));

    const Result<ApplyResult> conflict = apply(&live, deployment(2), by("tool", later));

    ASSERT_FALSE(conflict);
    EXPECT_EQ(conflict.error().reason(), Reason::conflict);
    EXPECT_EQ(conflict.error().message(),
              "Apply failed with 1 conflict: conflict with \"scaler\" using apps/v1: "
              ".spec.replicas");
    ASSERT_EQ(conflict.error().details().causes.size(), 1U);
    EXPECT_EQ(conflict.error().details().causes[0],
              (Cause{.reason = "FieldManagerConflict",
                     .message = "conflict with \"scaler\" using apps/v1",
                     .field = ".spec.replicas"}));
}

TEST(Apply, ByForceTakesTheFieldFromItsOwner) {
    const Object created = stored(apply(nullptr, deployment(2), by("tool")).value().object);
    Object scaled = created;
    scaled.mutable_value().mutable_member("spec").set("replicas", 5);
    const Object live = update(&created, scaled, by("scaler", later));

    const Result<ApplyResult> forced = apply(&live, deployment(2), by("tool", later, true));

    ASSERT_TRUE(forced);
    EXPECT_EQ(forced->object.value().int_at(0, "spec", "replicas"), 2);
    EXPECT_EQ(forced->object.value().find("metadata", "managedFields")->size(), 1U);
}

TEST(Apply, TellsAllConflictsByManager) {
    const Object live = stored(apply(nullptr, deployment(2), by("a")).value().object);
    Object other = deployment(3);
    other.mutable_value().mutable_member("spec").set(
        "selector", Value::map_of({{"matchLabels", Value::map_of({{"app", "other"}})}}));

    const Result<ApplyResult> conflict = apply(&live, other, by("b"));

    ASSERT_FALSE(conflict);
    EXPECT_EQ(conflict.error().message(),
              "Apply failed with 2 conflicts: conflicts with \"a\":\n- .spec.replicas\n- "
              ".spec.selector");
}

TEST(Apply, OfWhatIsThereAlreadyGivesAnEntryWithoutTime) {
    const Object live = stored(apply(nullptr, deployment(2), by("a")).value().object);

    const Result<ApplyResult> shared = apply(&live, deployment(2), by("b", later));

    ASSERT_TRUE(shared);
    EXPECT_TRUE(shared->changed);
    const Value& entries = *shared->object.value().find("metadata", "managedFields");
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries.at(0).string_at("manager"), "b");
    EXPECT_FALSE(entries.at(0).contains("time"));
}

TEST(Apply, PrunesWhatTheApplierGivesUpAndNobodyElseOwns) {
    Object with_label = deployment(2);
    with_label.set_label("team", "x");
    const Object live = stored(apply(nullptr, with_label, by("tool")).value().object);

    const Result<ApplyResult> applied = apply(&live, deployment(2), by("tool", later));

    ASSERT_TRUE(applied);
    EXPECT_TRUE(applied->changed);
    EXPECT_EQ(applied->object.label("team"), "");
}

TEST(Apply, RefusesFieldsThatTheSchemaDoesNotDeclare) {
    Object wrong = deployment(2);
    wrong.mutable_value().mutable_member("spec").set("foo", 1);

    const Result<ApplyResult> refused = apply(nullptr, wrong, by("tool"));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message(),
              "failed to create typed patch object (default/web; apps/v1, Kind=Deployment): "
              ".spec.foo: field not declared in schema");
}

TEST(Apply, OfAnUntrackedObjectGivesItsFieldsToBeforeFirstApply) {
    const Object live = stored(deployment(2));

    const Result<ApplyResult> applied = apply(&live, deployment(3), by("tool", later, true));

    ASSERT_TRUE(applied);
    const Value& entries = *applied->object.value().find("metadata", "managedFields");
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries.at(0).string_at("manager"), "tool");
    EXPECT_EQ(entries.at(1).string_at("manager"), "before-first-apply");
    EXPECT_EQ(entries.at(1).find("fieldsV1", "f:spec", "f:replicas"), nullptr);
}

TEST(Apply, ByKubectlTakesOverItsClientSideFields) {
    Object client_side = deployment(2);
    client_side.set_annotation("kubectl.kubernetes.io/last-applied-configuration",
                               to_json(deployment(2).value()));
    const Object live =
        stored(update(nullptr, client_side, by("kubectl-client-side-apply", start)));

    const Result<ApplyResult> other = apply(&live, deployment(3), by("tool", later));
    const Result<ApplyResult> applied = apply(&live, deployment(3), by("kubectl", later));

    EXPECT_FALSE(other);
    ASSERT_TRUE(applied) << applied.error().message();
    EXPECT_EQ(applied->object.value().int_at(0, "spec", "replicas"), 3);
    EXPECT_NE(applied->object.annotation("kubectl.kubernetes.io/last-applied-configuration")
                  .find("\"replicas\":3"),
              std::string_view::npos);
}

TEST(Update, OfANewObjectOwnsWhatItsTypeDoesNotAlwaysHave) {
    const Object created = update(nullptr, deployment(2), by("creator"));

    EXPECT_EQ(
        fields_of(created, 0),
        R"({"f:spec":{"f:replicas":{},"f:selector":{},"f:template":{"f:metadata":)"
        R"({"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:containers":)"
        R"({"k:{\"name\":\"web\"}":{".":{},"f:image":{},"f:name":{},"f:ports":{".":{},)"
        R"("k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}}}}}}}})");
}

TEST(Update, ThatChangesNothingKeepsTheTimes) {
    const Object live = stored(update(nullptr, deployment(2), by("creator", start)));
    Object same = live;

    const Object updated = update(&live, same, by("creator", later));

    EXPECT_EQ(updated, live);
}

TEST(Update, ResetsTheEntriesByAnEmptyList) {
    const Object live = stored(update(nullptr, deployment(2), by("creator")));
    for (const Value& reset : {Value::list(), Value::list_of({Value::map()})}) {
        Object changed = live;
        changed.metadata().set("managedFields", reset);

        EXPECT_EQ(update(&live, changed, by("other")).value().find("metadata", "managedFields"),
                  nullptr);
    }
}

TEST(Update, IgnoresEntriesThatCannotBeRead) {
    const Object live = stored(update(nullptr, deployment(2), by("creator")));
    Object changed = live;
    changed.metadata().set("managedFields", Value::list_of({Value::map_of({{"manager", "x"}})}));

    EXPECT_EQ(update(&live, changed, by("creator", later)), live);
}

TEST(Update, MergesTheOldestUpdatersAboveTheCap) {
    Object live = stored(update(nullptr, deployment(0), by("updater-0", start)));
    for (int i = 1; i <= 12; ++i) {
        Object changed = live;
        changed.set_label(cat("label-", i), "x");
        live = update(&live, changed,
                      by(cat("updater-", i), {.seconds = start.seconds + i, .nanos = 0}));
    }

    const Value& entries = *live.value().find("metadata", "managedFields");
    ASSERT_EQ(entries.size(), 10U);
    EXPECT_EQ(entries.at(0).string_at("manager"), "ancient-changes");
    EXPECT_EQ(entries.at(0).string_at("operation"), "Update");
    EXPECT_EQ(entries.at(9).string_at("manager"), "updater-12");
}

TEST(Update, OfAStatusOwnsNothingThatTheEndpointResets) {
    const std::string_view reset[] = {".spec", ".metadata.labels"};
    const FiltersByVersion filters = {{"apps/v1", reset_filter(reset)}};
    const Object live = stored(update(nullptr, deployment(2), by("creator")));
    Object changed = live;
    changed.mutable_value().set("status", Value::map_of({{"replicas", 2}}));
    changed.mutable_value().mutable_member("spec").set("replicas", 9);
    WriteOptions options = by("controller", later);
    options.subresource = "status";
    options.reset_fields = &filters;

    const Object updated = update(&live, changed, options);

    const Value& entries = *updated.value().find("metadata", "managedFields");
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries.at(1).string_at("subresource"), "status");
    EXPECT_EQ(fields_of(updated, 1), R"({"f:status":{".":{},"f:replicas":{}}})");
}

TEST(Apply, DropsEntriesOfVersionsThatAreGone) {
    const Object created = stored(apply(nullptr, deployment(2), by("tool")).value().object);
    Object live = created;
    live.metadata()
        .mutable_member("managedFields")
        .mutable_item(0)
        .set("apiVersion", "apps/v1beta1");

    const Result<ApplyResult> applied = apply(&live, deployment(2), by("other", later));

    ASSERT_TRUE(applied);
    const Value& entries = *applied->object.value().find("metadata", "managedFields");
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries.at(0).string_at("manager"), "other");
}

// Every value that is `value` with one member or item gone, null, or another scalar.
void add_variants(const Value& value, const std::function<void(Value)>& take) {
    if (value.is_map()) {
        for (const Member& member : value.members()) {
            Value without = value;
            without.erase(member.name());
            take(without);
            Value nulled = value;
            nulled.set(member.name(), Value());
            take(nulled);
            add_variants(member.value, [&](Value inner) {
                Value changed = value;
                changed.set(member.name(), std::move(inner));
                take(std::move(changed));
            });
        }
    } else if (value.is_list()) {
        for (size_t i = 0; i < value.size(); ++i) {
            Value without = value;
            without.erase_at(i);
            take(without);
            Value doubled = value;
            doubled.push_back(value.at(i));
            take(doubled);
            Value rotated = without;
            rotated.push_back(value.at(i));
            take(rotated);
            add_variants(value.at(i), [&](Value inner) {
                Value changed = value;
                changed.mutable_item(i) = std::move(inner);
                take(std::move(changed));
            });
        }
    } else {
        take(value.is_int() ? Value(value.as_int() + 1) : Value("another"));
        take(value.is_int() ? Value(static_cast<double>(value.as_int())) : value);
    }
}

// What the whole algorithm says of an apply, without the way round it for applies of no effect.
bool changes_anything(const Object& live, const Object& config, const ApplyOptions& options) {
    const TypeRef type = TypeRef::of(options.schema.get(), true);
    const DecodedManagers before =
        decode_managed_fields(*live.value().find("metadata", "managedFields")).value();
    const ManagerId id{options.manager, Operation::apply, "", ""};
    const Updater updater;
    auto applied = updater.apply({live.value(), type, "apps/v1"}, {config.value(), type, "apps/v1"},
                                 before.managers, id, true);
    if (!applied || applied->object) {
        return true;
    }
    FieldSet stripped;
    stripped.insert(FieldPath{PathElement::field("apiVersion")});
    stripped.insert(FieldPath{PathElement::field("kind")});
    stripped.insert(FieldPath{PathElement::field("metadata")});
    for (const char* name : {"name", "namespace"}) {
        stripped.insert(FieldPath{PathElement::field("metadata"), PathElement::field(name)});
    }
    VersionedSet& own = applied->managers[id];
    own.set = own.set.difference(stripped);
    return applied->managers != before.managers;
}

TEST(Apply, KnowsAnApplyOfNoEffectExactlyWhereTheWholeAlgorithmDoes) {
    Object config = deployment(2);
    config.set_label("team", "x");
    config.mutable_value()
        .mutable_member("spec")
        .mutable_member("template")
        .mutable_member("spec")
        .set("volumes",
             parse_json(R"([{"name":"a","emptyDir":{}},{"name":"b","secret":{"secretName":"s"}}])")
                 .value());
    Object live = stored(apply(nullptr, config, by("tool")).value().object);
    Object more = live;
    more.set_annotation("added.by/another", "1");
    live = update(&live, more, by("another"));
    const ApplyOptions options = by("tool", later, true);

    size_t variants = 0;
    size_t unchanged = 0;
    add_variants(config.value(), [&](const Value& variant) {
        const Object applied(variant);
        if (applied.api_version() != "apps/v1" ||
            !validate(variant, TypeRef::of(options.schema.get(), true), Duplicates::refused)) {
            return;
        }
        const Result<ApplyResult> result = apply(&live, applied, options);
        ASSERT_TRUE(result) << result.error().message();
        EXPECT_EQ(result->changed, changes_anything(live, applied, options)) << to_json(variant);
        ++variants;
        unchanged += result->changed ? 0 : 1;
    });
    EXPECT_GT(variants, 60U);
    EXPECT_GT(unchanged, 5U);
    EXPECT_FALSE(apply(&live, config, options)->changed);
}

}  // namespace
}  // namespace weft::merge
