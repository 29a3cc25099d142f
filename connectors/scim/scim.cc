// The SCIM connector: settings, capabilities, reading single items, previews.
#include "connectors/scim/scim.h"

#include <array>

#include <nlohmann/json.hpp>

#include "connectors/scim/connector.h"
#include "connectors/support/native_id.h"

namespace rescind {
namespace {

constexpr std::array kSettings = {
    SettingSpec{"url", SettingType::Text, true, "", "",
                "the SCIM base address, such as https://app.example.org/scim/v2"},
    SettingSpec{"token", SettingType::Secret, false, "", "", "bearer token"},
    SettingSpec{"username", SettingType::Text, false, "", "", "name for HTTP basic authentication"},
    SettingSpec{"password", SettingType::Secret, false, "", "",
                "password for HTTP basic authentication"},
    SettingSpec{"ca_file", SettingType::Text, false, "", "",
                "certificates (PEM) to trust instead of the system's"},
    SettingSpec{"connect_timeout", SettingType::Duration, false, "10s", "", "time to connect"},
    SettingSpec{"timeout", SettingType::Duration, false, "30s", "", "time for an answer"},
    SettingSpec{"page_size", SettingType::Count, false, "100", "", "resources asked for per page"},
    SettingSpec{"settle", SettingType::Duration, false, "2s", "",
                "how long an accepted change may take to be seen"},
    SettingSpec{"deactivate_means", SettingType::Choice, false, "disable", "disable delete",
                "what the system does with a deactivated account"},
    SettingSpec{"delete_means", SettingType::Choice, false, "delete", "delete deactivate",
                "what the system does when an account is deleted"},
    SettingSpec{"allow_plaintext", SettingType::Flag, false, "false", "",
                "allow http:// to other machines than this one"},
};

std::string base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      word = word << 8U | (i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += i + k > text.size() ? '=' : kDigits[word >> (18U - 6U * k) & 63U];
    }
  }
  return out;
}

bool has_control(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::span<const SettingSpec> scim_settings() {
  return kSettings;
}

std::vector<SettingProblem> check_scim_settings(const Settings& settings) {
  std::vector<SettingProblem> problems = check_settings(kSettings, settings);
  const SettingReader read(kSettings, settings);
  const auto bad = [&problems](const char* name, std::string message, std::string help) {
    problems.push_back({SettingFault::BadValue, name, std::move(message), std::move(help)});
  };
  if (const std::string url = read.text("url"); !url.empty()) {
    const std::optional<ParsedUrl> parsed = parse_url(url);
    if (!parsed || (parsed->scheme != "https" && parsed->scheme != "http")) {
      bad("url", "setting `url`: `" + url + "` is no https:// address",
          std::string(kSettings[0].help));
    } else if (parsed->scheme == "http" && !is_loopback_host(parsed->host) &&
               !read.flag("allow_plaintext")) {
      problems.push_back({SettingFault::Plaintext, "url",
                          "setting `url`: `" + url + "` would send the credential unencrypted",
                          "use https://, or set allow_plaintext: true"});
    }
  }
  if (read.given("token") && read.given("username")) {
    bad("username", "settings `token` and `username` exclude each other", "keep one of them");
  }
  for (const char* name : {"token", "username", "password"}) {
    if (has_control(read.text(name))) {
      bad(name, std::string("setting `") + name + "` holds a control character",
          "a file with a secret often ends in a line break");
    }
  }
  return problems;
}

Result<std::unique_ptr<Connector>> make_scim_connector(const ConnectorConfig& config,
                                                       Clock& clock) {
  RESCIND_RETURN_IF_ERROR(settings_status(check_scim_settings(config.settings)));
  const SettingReader read(kSettings, config.settings);
  const ParsedUrl url = *parse_url(read.text("url"));
  const bool v6 = url.host.find(':') != std::string::npos;
  scim::HttpSettings http;
  http.origin = url.scheme + "://" + (v6 ? "[" + url.host + "]" : url.host);
  http.origin += ":" + std::to_string(url.port != 0 ? url.port : url.scheme == "https" ? 443 : 80);
  http.base_path = url.path;
  if (read.given("token")) {
    http.authorization = "Bearer " + read.text("token");
  } else if (read.given("username")) {
    http.authorization = "Basic " + base64(read.text("username") + ":" + read.text("password"));
  }
  http.ca_file = read.text("ca_file");
  http.connect_timeout = read.duration("connect_timeout");
  http.timeout = read.duration("timeout");
  scim::ScimOptions options;
  options.system = config.system;
  options.holder_attribute =
      config.holder_account_attribute.empty() ? "userName" : config.holder_account_attribute;
  options.page_size = read.count("page_size");
  options.settle = read.duration("settle");
  options.deactivation_deletes = read.text("deactivate_means") == "delete";
  options.delete_only_deactivates = read.text("delete_means") == "deactivate";
  return std::make_unique<scim::ScimConnector>(std::move(options), std::move(http), clock);
}

namespace scim {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kVersion = "1";

// Segments that a server or proxy would resolve as a path are no ids.
bool usable_id(std::string_view id) {
  return !id.empty() && id != "." && id != "..";
}

std::string state_of(const Target& target, Json resource) {
  if (target.what != Target::What::Value) {
    resource.erase("password");
    return resource.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  Json state = Json::object();
  state["resource"] = target.path();
  state["attribute"] = target.attribute;
  state["element"] = nullptr;
  const auto list = resource.find(target.attribute);
  if (list != resource.end() && list->is_array()) {
    for (const Json& element : *list) {
      const std::string value =
          element.is_string() ? element.get<std::string>() : string_member(element, "value");
      if (value == target.value) {
        state["element"] = element;
      }
    }
  }
  return state.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::optional<Target> target_of(const ItemAddress& item) {
  if (item.kind == Kind::Account) {
    return usable_id(item.native_id)
               ? std::optional(Target{Target::What::Active, "Users", item.native_id, "", ""})
               : std::nullopt;
  }
  const std::vector<std::string> parts = split_native_id(item.native_id);
  for (const std::string& part : parts) {
    if (!usable_id(part)) {
      return std::nullopt;
    }
  }
  if (parts.size() != 2) {
    return std::nullopt;
  }
  if (item.kind == Kind::Group) {
    return Target{Target::What::Value, "Groups", parts[0], "members", parts[1]};
  }
  if (item.kind == Kind::Role || item.kind == Kind::Permission) {
    return Target{Target::What::Value, "Users", parts[0],
                  item.kind == Kind::Role ? "roles" : "entitlements", parts[1]};
  }
  return std::nullopt;
}

ScimConnector::ScimConnector(ScimOptions options, HttpSettings http, Clock& clock)
    : options_(std::move(options)), client_(std::move(http), clock), clock_(clock) {}

Result<Capabilities> ScimConnector::capabilities() {
  const ReadAnswer answer = client_.get("/ServiceProviderConfig", nullptr);
  if (answer.state == ReadState::Found) {
    const std::optional<Json> config = parse_object(answer.body);
    const auto supported = [&](const char* feature, bool otherwise) {
      const auto it = config->find(feature);
      if (it == config->end() || !it->is_object()) {
        return otherwise;
      }
      const auto flag = it->find("supported");
      return flag != it->end() && flag->is_boolean() ? flag->get<bool>() : otherwise;
    };
    patch_supported_ = supported("patch", true);
    etag_supported_ = supported("etag", false);
  } else if (answer.state != ReadState::Missing && answer.state != ReadState::Broken) {
    return tl::unexpected(
        error_of(answer).add_context("asking " + options_.system + " what it can do"));
  }
  Capabilities out;
  out.connector = "scim";
  out.version = kVersion;
  out.endpoint = client_.settings().origin + client_.settings().base_path;
  VerbSupport disable{Verb::Disable, Kind::Account, {}, Reversible::Yes, std::nullopt};
  if (options_.deactivation_deletes) {
    disable.effects = EffectSet(Effect::Contains) | Effect::Destroys;
    disable.reversible = Reversible::Never;
  }
  out.verbs.push_back(disable);
  if (!options_.delete_only_deactivates) {
    out.verbs.push_back({Verb::Delete, Kind::Account, {}, Reversible::Never, std::nullopt});
  }
  for (const Kind kind : {Kind::Group, Kind::Role, Kind::Permission}) {
    out.verbs.push_back({Verb::Remove, kind, {}, Reversible::Yes, std::nullopt});
  }
  out.enumerable = KindSet(Kind::Account) | Kind::Group | Kind::Role | Kind::Permission;
  return out;
}

Result<Discovery> ScimConnector::discover_account(const ItemAddress&) {
  return Discovery{};  // SCIM knows no sessions and no tokens
}

Result<Observation> ScimConnector::observe(const ItemAddress& given) {
  const ItemAddress item = addressed(given);
  Observation seen;
  const std::optional<Target> target = target_of(item);
  if (!target) {
    seen.detail = "`" + item.native_id + "` is no native id of this connector's " +
                  std::string(kind_name(item.kind)) + " items";
    return seen;
  }
  const ReadAnswer answer = client_.read(target->path(), nullptr);
  if (answer.state == ReadState::Missing) {
    seen.presence = Presence::Absent;
    return seen;
  }
  if (answer.state == ReadState::Broken || answer.state == ReadState::Forbidden) {
    seen.detail = answer.why;
    return seen;
  }
  if (answer.state != ReadState::Found) {
    return tl::unexpected(error_of(answer).add_context("reading " + item.item));
  }
  const std::optional<Json> resource = parse_object(answer.body);
  seen.state = state_of(*target, *resource);
  if (target->what == Target::What::Active) {
    seen.presence = Presence::Present;
    seen.enabled = read_active(*resource);
    if (!seen.enabled) {
      seen.detail = "the server does not show `active`";
    }
    seen.facts["userName"] = string_member(*resource, "userName");
  } else {
    const bool there = holds(*target, true, *resource).value_or(false);
    seen.presence = there ? Presence::Present : Presence::Absent;
  }
  return seen;
}

ProbeResult ScimConnector::probe(const ActionRequest& given) {
  const ActionRequest request = addressed(given);
  std::string why;
  const std::optional<Wish> wish = wish_of(request, why);
  if (!wish) {
    return {ProbeAnswer::Unknown, why, std::nullopt};
  }
  const Look seen = look(*wish, nullptr);
  if (!seen.fulfilled) {
    return {ProbeAnswer::Unknown, seen.answer.why, std::nullopt};
  }
  return {*seen.fulfilled ? ProbeAnswer::Done : ProbeAnswer::NotDone,
          seen.missing ? "it is gone" : "", std::nullopt};
}

std::vector<std::string> ScimConnector::preview(const ActionRequest& given) {
  const ActionRequest request = addressed(given);
  std::string why;
  const std::optional<Wish> wish = wish_of(request, why);
  if (!wish) {
    return {why};
  }
  std::vector<std::string> lines;
  const std::string path = client_.settings().base_path + wish->target.path();
  if (const std::vector<Dialect> ways = spoken(*wish, nullptr); !ways.empty()) {
    lines.push_back(ways.front().method + " " + path +
                    (ways.front().body.empty() ? "" : " " + ways.front().body));
  } else {
    lines.push_back("PUT " + path + " (the whole resource as read, changed)");
  }
  lines.push_back("GET " + path + " (read back)");
  return lines;
}

}  // namespace scim
}  // namespace rescind
