// The published JSON Schema says what encode_plan writes: neither can change without the other.
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "records.h"

namespace rescind::test {
namespace {

using Json = nlohmann::json;

// As much of JSON Schema as ours uses: $ref, const, enum, type, required, properties,
// additionalProperties, items, oneOf.
class Validator {
 public:
  explicit Validator(const Json& root) : root_(root) {}

  // What is wrong, with the path; "" nothing. Keys that the schema does not name are wrong.
  [[nodiscard]] std::string check(const Json& schema, const Json& value,
                                  const std::string& path) const {
    if (schema.contains("$ref")) {
      const std::string name =
          schema["$ref"].get<std::string>().substr(std::string("#/$defs/").size());
      return check(root_["$defs"].at(name), value, path);
    }
    if (schema.contains("oneOf")) {
      for (const Json& one : schema["oneOf"]) {
        if (check(one, value, path).empty()) {
          return {};
        }
      }
      return path + ": none of the alternatives";
    }
    if (schema.contains("const") && schema["const"] != value) {
      return path + ": not the constant";
    }
    if (schema.contains("enum") &&
        std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end()) {
      return path + ": not in the list: " + value.dump();
    }
    if (schema.contains("type") && !is_type(schema["type"], value)) {
      return path + ": another type";
    }
    return value.is_object() ? check_object(schema, value, path) : check_items(schema, value, path);
  }

 private:
  static bool is_type(const Json& type, const Json& value) {
    if (type.is_array()) {
      return std::any_of(type.begin(), type.end(),
                         [&](const Json& one) { return is_type(one, value); });
    }
    return (type == "string" && value.is_string()) || (type == "boolean" && value.is_boolean()) ||
           (type == "integer" && value.is_number_integer()) ||
           (type == "array" && value.is_array()) || (type == "object" && value.is_object()) ||
           (type == "null" && value.is_null());
  }

  [[nodiscard]] std::string check_object(const Json& schema, const Json& value,
                                         const std::string& path) const {
    for (const Json& key : schema.value("required", Json::array())) {
      if (!value.contains(key.get<std::string>())) {
        return path + "." + key.get<std::string>() + ": missing";
      }
    }
    const Json properties = schema.value("properties", Json::object());
    for (const auto& [key, member] : value.items()) {
      if (!properties.contains(key) && !schema.contains("additionalProperties")) {
        return path + "." + key + ": not in the schema";
      }
      const Json& rule =
          properties.contains(key) ? properties[key] : schema["additionalProperties"];
      if (std::string wrong = check(rule, member, path + "." + key); !wrong.empty()) {
        return wrong;
      }
    }
    return {};
  }

  [[nodiscard]] std::string check_items(const Json& schema, const Json& value,
                                        const std::string& path) const {
    if (!value.is_array() || !schema.contains("items")) {
      return {};
    }
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (std::string wrong =
              check(schema["items"], value[i], path + "[" + std::to_string(i) + "]");
          !wrong.empty()) {
        return wrong;
      }
    }
    return {};
  }

  const Json& root_;
};

}  // namespace

TEST_CASE("plan file: the published schema describes what is written, key by key") {
  const Result<std::string> text =
      read_file(std::string(RESCIND_SOURCE_DIR) + "/docs/schema/plan-1.0.schema.json", 1U << 20U);
  REQUIRE(text.has_value());
  const Json schema = Json::parse(*text);
  Organisation organisation = alice_leaves(
      R"({"record":"account","id":"crm:alice","system":"crm","holder":"alice"}
{"record":"license","id":"crm:seat","system":"crm","holder":"alice"}
{"record":"data","id":"mail:box","system":"mail","holder":"alice"}
{"record":"device","id":"crm:laptop","system":"crm","holder":"alice"})",
      {rule(
          "a", {"leaver"},
          {{.verb = Verb::Disable,
            .kinds = Kind::Account,
            .within = hours(1),
            .approved_by = {"bob"}},
           {.verb = Verb::Disable, .kinds = Kind::Account, .after = hours(2)},
           {.verb = Verb::Delete, .kinds = KindSet(Kind::Account) | Kind::Data, .after = days(30)},
           {.verb = Verb::Notify, .kinds = {}, .to = {"bob"}}})});
  organisation.holds = {{.name = "lifted", .verbs = {Verb::Delete}, .item = "mail:box"},
                        {.name = "dated",
                         .verbs = {Verb::Delete},
                         .item = "crm:alice",
                         .until = at("2026-06-30T00:00:00Z")}};
  organisation.limits = {{.name = "mass", .verbs = {Verb::Disable}, .kinds = Kind::Account}};
  organisation.uncertain = {"crm:seat"};
  const Plan plan = plan_of(organisation);
  CHECK(plan.residual_access.size() >= 1);
  CHECK(plan.uncovered.size() == 1);
  const Validator validator(schema);
  CHECK(validator.check(schema, Json::parse(encode_plan(plan)), "$") == "");
}

}  // namespace rescind::test
