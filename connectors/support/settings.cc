// Checks and reads connector settings.
#include "connectors/support/settings.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/check.h"
#include "base/text.h"

namespace rescind {
namespace {

constexpr std::int64_t kMaxCount = 10'000'000;

std::optional<std::int64_t> parse_count(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 1 || value > kMaxCount) {
    return std::nullopt;
  }
  return value;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    words.emplace_back(text.substr(0, space));
    text = space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
  }
  return words;
}

// What is wrong with the value, or "".
std::string value_problem(const SettingSpec& spec, const std::string& value) {
  switch (spec.type) {
  case SettingType::Text:
  case SettingType::Secret:
    if (value.empty() && spec.required) {
      return "is empty";
    }
    return value.find('\0') != std::string::npos ? "holds a zero byte" : "";
  case SettingType::Flag:
    return value == "true" || value == "false" ? "" : "is neither `true` nor `false`";
  case SettingType::Duration: {
    const std::optional<Seconds> parsed = parse_duration(value);
    return parsed && parsed->count() > 0 ? "" : "is no duration such as `30s` or `5m`";
  }
  case SettingType::Count:
    return parse_count(value) ? "" : "is no whole number from 1 to 10,000,000";
  case SettingType::Choice: {
    const std::vector<std::string> words = words_of(spec.choices);
    return std::find(words.begin(), words.end(), value) != words.end()
               ? ""
               : "is none of: " + join(words, ", ");
  }
  }
  return "";
}

const SettingSpec* find_spec(std::span<const SettingSpec> specs, std::string_view name) {
  const auto it = std::find_if(specs.begin(), specs.end(),
                               [&](const SettingSpec& spec) { return spec.name == name; });
  return it == specs.end() ? nullptr : &*it;
}

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7F;
  });
}

// HOST[:PORT] or [V6][:PORT] into the URL.
bool parse_authority(std::string_view authority, ParsedUrl& url) {
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) {
      return false;
    }
    url.host = authority.substr(1, close - 1);
    port = authority.substr(close + 1);
  } else {
    const std::size_t colon = authority.find(':');
    url.host = authority.substr(0, colon);
    port = colon == std::string_view::npos ? std::string_view() : authority.substr(colon);
  }
  if (url.host.empty()) {
    return false;
  }
  if (port.empty()) {
    return true;
  }
  const std::optional<std::int64_t> number = parse_count(port.substr(1));
  if (port[0] != ':' || !number || *number > 65535) {
    return false;
  }
  url.port = static_cast<int>(*number);
  return true;
}

}  // namespace

std::vector<SettingProblem> check_settings(std::span<const SettingSpec> specs,
                                           const Settings& settings) {
  std::vector<SettingProblem> problems;
  std::vector<std::string> names;
  for (const SettingSpec& spec : specs) {
    names.emplace_back(spec.name);
  }
  for (const auto& [name, value] : settings) {
    const SettingSpec* spec = find_spec(specs, name);
    if (spec == nullptr) {
      const std::optional<std::string> near = nearest_name(name, names);
      problems.push_back(
          {SettingFault::Unknown, name, "there is no setting `" + name + "`",
           near ? "did you mean `" + *near + "`?" : "the settings are: " + join(names, ", ")});
      continue;
    }
    if (const std::string what = value_problem(*spec, value); !what.empty()) {
      const std::string shown = spec->type == SettingType::Secret ? "its value" : "`" + value + "`";
      problems.push_back({SettingFault::BadValue, name,
                          "setting `" + name + "`: " + shown + " " + what,
                          std::string(spec->help)});
    }
  }
  for (const SettingSpec& spec : specs) {
    if (spec.required && !settings.contains(std::string(spec.name))) {
      problems.push_back({SettingFault::Missing, std::string(spec.name),
                          "setting `" + std::string(spec.name) + "` is missing",
                          std::string(spec.help)});
    }
  }
  return problems;
}

std::string SettingReader::text(std::string_view name) const {
  const auto it = settings_.find(std::string(name));
  if (it != settings_.end()) {
    return it->second;
  }
  const SettingSpec* spec = find_spec(specs_, name);
  RESCIND_CHECK(spec != nullptr, "a connector reads only settings that it declares");
  return std::string(spec->fallback);
}

bool SettingReader::given(std::string_view name) const {
  return !text(name).empty();
}

Seconds SettingReader::duration(std::string_view name) const {
  const std::optional<Seconds> parsed = parse_duration(text(name));
  RESCIND_CHECK(parsed.has_value(), "settings are checked before they are read");
  return *parsed;
}

std::int64_t SettingReader::count(std::string_view name) const {
  const std::optional<std::int64_t> parsed = parse_count(text(name));
  RESCIND_CHECK(parsed.has_value(), "settings are checked before they are read");
  return *parsed;
}

Status settings_status(const std::vector<SettingProblem>& problems) {
  if (problems.empty()) {
    return {};
  }
  const SettingProblem& first = problems.front();
  return fail(ErrorKind::Unsupported,
              first.message + (first.help.empty() ? "" : " (" + first.help + ")"));
}

bool is_loopback_host(std::string_view host) {
  return host.empty() || host == "localhost" || host == "::1" || host.starts_with('/') ||
         (host.starts_with("127.") &&
          host.find_first_not_of("0123456789.") == std::string_view::npos);
}

std::optional<ParsedUrl> parse_url(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0 || !is_plain(text) ||
      text.find_first_of("?#@") != std::string_view::npos) {
    return std::nullopt;
  }
  ParsedUrl url;
  for (const char c : text.substr(0, colon)) {
    url.scheme += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  const std::string_view rest = text.substr(colon + 3);
  const std::size_t slash = rest.find('/');
  if (!parse_authority(rest.substr(0, slash), url)) {
    return std::nullopt;
  }
  if (slash != std::string_view::npos) {
    url.path = rest.substr(slash);
  }
  while (url.path.ends_with('/')) {
    url.path.pop_back();
  }
  return url;
}

}  // namespace rescind
