// rescind.yaml → Configuration. Every key is known or an error, and a secret is never a plain
// value.
#include "collect/read_configuration.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <functional>

#include "base/text.h"
#include "collect/document.h"
#include "collect/read_deliveries.h"

namespace rescind {
namespace {

using Node = DocumentNode;

// Settings that hold secrets in whatever connector; a name that ends in one of them counts too.
constexpr std::array<std::string_view, 8> kSecretWords{
    "password", "passphrase", "secret", "token", "api_key", "private_key", "credential", "bearer"};

constexpr std::uint32_t kMaxConcurrency = 64;

bool names_secret(std::string_view key) {
  return std::any_of(kSecretWords.begin(), kSecretWords.end(), [key](std::string_view word) {
    return key == word || (key.size() > word.size() && key.ends_with(word) &&
                           key[key.size() - word.size() - 1] == '_');
  });
}

// A URL that carries a password: scheme://user:password@host.
bool carries_password(std::string_view text) {
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) {
    return false;
  }
  const std::string_view rest = text.substr(scheme + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  const std::size_t at = authority.rfind('@');
  return (at != std::string_view::npos &&
          authority.substr(0, at).find(':') != std::string_view::npos) ||
         rest.find("password=") != std::string_view::npos;
}

class ConfigurationReader {
 public:
  explicit ConfigurationReader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  void read(const Node& root, Configuration& out) {
    using Handler = std::function<void(const Node&)>;
    const std::map<std::string, Handler> keys{
        {"policies", [&](const Node& n) { read_texts(n, "policies", out.policies); }},
        {"inventory", [&](const Node& n) { read_texts(n, "inventory", out.inventory); }},
        {"store", [&](const Node& n) { read_value(n, "store", false, out.store); }},
        {"timezone", [&](const Node& n) { read_timezone(n, out); }},
        {"steward", [&](const Node& n) { read_text(n, "steward", out.steward); }},
        {"plan_expiry", [&](const Node& n) { read_duration(n, "plan_expiry", out.plan_expiry); }},
        {"clock_heartbeat",
         [&](const Node& n) { read_duration(n, "clock_heartbeat", out.clock_heartbeat); }},
        {"systems", [&](const Node& n) { read_systems(n, out.systems); }},
        {"deliveries", [&](const Node& n) { read_routes(n, out); }},
        {"seal_key",
         [&](const Node& n) { read_value(n, "seal_key", true, out.seal_key.emplace()); }},
        {"server", [&](const Node& n) { read_server(n, out.server); }},
        {"handover", [&](const Node& n) { read_handover(n, out.handover); }},
        {"audit", [&](const Node& n) { read_audit(n, out.audit); }}};
    read_keys(root, "the configuration", keys);
    check_receivers(out);
  }

 private:
  template <typename Handlers>
  void read_keys(const Node& node, std::string_view where, const Handlers& handlers) {
    if (node.kind == Node::Kind::Null) {
      return;
    }
    if (!expect(node, Node::Kind::Map, where)) {
      return;
    }
    for (const DocumentMember& member : node.members) {
      const auto found = handlers.find(member.key);
      if (found != handlers.end()) {
        found->second(member.value);
        continue;
      }
      std::vector<std::string> known;
      for (const auto& [name, handler] : handlers) {
        known.push_back(name);
      }
      Diagnostic& error =
          diagnostics_.error(Code::R0802, member.key_span,
                             "unknown key `" + member.key + "` in " + std::string(where));
      if (const auto near = nearest_name(member.key, known)) {
        error.help.push_back("did you mean `" + *near + "`?");
      } else {
        error.help.push_back("known here: " + join(known, ", "));
      }
    }
  }

  bool expect(const Node& node, Node::Kind kind, std::string_view what) {
    if (node.kind == kind) {
      return true;
    }
    Node wanted;
    wanted.kind = kind;
    wrong(node, what, node_kind_name(wanted));
    return false;
  }

  void wrong(const Node& node, std::string_view what, std::string_view wanted) {
    diagnostics_.error(Code::R0803, node.span,
                       "`" + std::string(what) + "` must be " + std::string(wanted) + ", not " +
                           std::string(node_kind_name(node)));
  }

  void read_text(const Node& node, std::string_view what, std::string& out) {
    if (node.kind == Node::Kind::Null || !node.is_text() || node.text.empty()) {
      wrong(node, what, "a string that is not empty");
      return;
    }
    out = node.text;
  }

  // A list of strings, or a single one.
  void read_texts(const Node& node, std::string_view what, std::vector<std::string>& out) {
    out.clear();
    if (node.kind != Node::Kind::List) {
      read_text(node, what, out.emplace_back());
      return;
    }
    for (const Node& element : node.elements) {
      read_text(element, what, out.emplace_back());
    }
  }

  void read_duration(const Node& node, std::string_view what, Seconds& out) {
    const std::optional<Seconds> duration =
        node.is_text() ? parse_duration(node.text) : std::nullopt;
    if (!duration || duration->count() <= 0) {
      diagnostics_.error(Code::R0803, node.span,
                         "`" + std::string(what) + "` must be a duration longer than nothing",
                         "like `24h`, `10m` or `1h30m`");
      return;
    }
    out = *duration;
  }

  void read_timezone(const Node& node, Configuration& out) {
    if (!node.is_text() || !is_known_zone(node.text)) {
      diagnostics_.error(Code::R0803, node.span,
                         "`timezone` must be a time zone of the IANA list, not `" + node.text + "`",
                         "like `Europe/Berlin` or `UTC`");
      return;
    }
    out.timezone = node.text;
    out.timezone_given = true;
  }

  // A plain value, or where a secret is. `secret`: it must be one.
  void read_value(const Node& node, const std::string& what, bool secret, ConfiguredValue& out) {
    out.span = node.span;
    if (node.kind == Node::Kind::Map) {
      if (std::optional<SecretSource> source = read_secret(node, what)) {
        out.value = std::move(*source);
      }
      return;
    }
    if (node.kind == Node::Kind::List && !secret) {
      std::vector<std::string> texts;
      read_texts(node, what, texts);
      out.value = join(texts, ",");
      return;
    }
    std::string text;
    if (!secret || node.is_scalar()) {
      if (!node.is_text() || node.kind == Node::Kind::Null) {
        wrong(node, what, "a string, or where a secret is");
        return;
      }
      text = node.text;
    }
    if (secret || carries_password(text)) {
      refuse_plain_secret(node, what);
      return;
    }
    out.value = std::move(text);
  }

  void refuse_plain_secret(const Node& node, const std::string& what) {
    diagnostics_
        .error(Code::R0804, node.span, "`" + what + "` holds a secret as a plain value",
               "a secret never stands in the configuration")
        .help.push_back(
            "say where it is: `{ env: NAME }`, `{ file: PATH }` or `{ command: LINE }`");
  }

  std::optional<SecretSource> read_secret(const Node& node, const std::string& what) {
    SecretSource source;
    if (node.members.size() != 1) {
      diagnostics_.error(Code::R0805, node.span,
                         "`" + what + "` must name one place: `env`, `file` or `command`");
      return std::nullopt;
    }
    const DocumentMember& member = node.members.front();
    const std::size_t errors = diagnostics_.error_count();
    if (member.key == "env" || member.key == "file") {
      source.from =
          member.key == "env" ? SecretSource::From::Environment : SecretSource::From::File;
      read_text(member.value, member.key, source.name);
    } else if (member.key == "command") {
      source.from = SecretSource::From::Command;
      read_texts(member.value, member.key, source.command);
      if (source.command.empty()) {
        wrong(member.value, member.key, "a line, or a list of program and arguments");
      }
    } else {
      diagnostics_.error(Code::R0805, member.key_span,
                         "`" + member.key + "` is no place for a secret",
                         "one of `env`, `file`, `command`");
    }
    return diagnostics_.error_count() == errors ? std::optional(std::move(source)) : std::nullopt;
  }

  void read_systems(const Node& node, std::vector<SystemConfiguration>& out) {
    if (node.kind == Node::Kind::Null || !expect(node, Node::Kind::Map, "systems")) {
      return;
    }
    for (const DocumentMember& member : node.members) {
      if (expect(member.value, Node::Kind::Map, member.key)) {
        out.push_back(read_system(member));
      }
    }
    std::sort(
        out.begin(), out.end(),
        [](const SystemConfiguration& a, const SystemConfiguration& b) { return a.id < b.id; });
  }

  SystemConfiguration read_system(const DocumentMember& member) {
    SystemConfiguration system;
    system.id = member.key;
    system.span = member.key_span;
    system.connector_span = member.key_span;
    for (const DocumentMember& entry : member.value.members) {
      if (entry.key == "connector") {
        read_text(entry.value, entry.key, system.connector);
        system.connector_span = entry.value.span;
      } else if (entry.key == "acts_as") {
        read_text(entry.value, entry.key, system.acts_as);
      } else if (entry.key == "holder") {
        read_holder(entry.value, system);
      } else if (entry.key == "rate") {
        read_rate(entry.value, system.pause);
      } else if (entry.key == "concurrency") {
        read_concurrency(entry.value, system.concurrency);
      } else {
        read_value(entry.value, entry.key, names_secret(entry.key), system.settings[entry.key]);
      }
    }
    if (member.value.find("connector") == nullptr) {
      diagnostics_.error(
          Code::R0806, member.key_span,
          "system `" + member.key + "` does not say by which `connector` it is reached");
    }
    return system;
  }

  // "100/1m": so many actions within that time, evenly.
  void read_rate(const Node& node, std::chrono::milliseconds& pause) {
    const std::string text = node.is_text() ? node.text : std::string();
    const std::size_t slash = text.find('/');
    const Seconds span = slash == std::string::npos
                             ? Seconds(0)
                             : parse_duration(text.substr(slash + 1)).value_or(Seconds(0));
    std::int64_t count = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + std::min(slash, text.size()), count);
    if (span.count() <= 0 || error != std::errc() || count <= 0 || end != text.data() + slash) {
      diagnostics_.error(Code::R0803, node.span, "`rate` must be a number of actions in a time",
                         "like `100/1m`");
      return;
    }
    pause = std::chrono::milliseconds(span) / count;
  }

  void read_concurrency(const Node& node, std::uint32_t& concurrency) {
    const std::string text = node.is_text() ? node.text : std::string();
    std::uint32_t count = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, count);
    if (error != std::errc() || stopped != end || count < 1 || count > kMaxConcurrency) {
      diagnostics_.error(
          Code::R0803, node.span,
          "`concurrency` must be a whole number from 1 to " + std::to_string(kMaxConcurrency),
          "so many actions may run in that system at once; without it one may");
      return;
    }
    concurrency = count;
  }

  void read_routes(const Node& node, Configuration& out) {
    read_deliveries(node, out.deliveries, diagnostics_);
    for (DeliveryRoute& route : out.deliveries) {
      if (route.target.kind == DeliveryKind::File) {
        route.target.path = configured_path(out, route.target.path);
      }
    }
  }

  // After all keys were read: a receiver may stand behind the deliveries to it.
  void check_receivers(const Configuration& out) {
    for (const DeliveryRoute& route : out.deliveries) {
      const std::string& system = route.target.system;
      const bool there = std::any_of(
          out.systems.begin(), out.systems.end(),
          [&system](const SystemConfiguration& configured) { return configured.id == system; });
      if (!system.empty() && !there) {
        diagnostics_.error(Code::R1022, route.span,
                           "the delivery to `" + route.dependent + "` goes to `" + system +
                               "`, which is no system of this configuration");
      }
    }
  }

  void read_holder(const Node& node, SystemConfiguration& system) {
    using Handler = std::function<void(const Node&)>;
    const std::map<std::string, Handler> keys{
        {"account",
         [&](const Node& n) { read_text(n, "account", system.holder_account_attribute); }},
        {"identity",
         [&](const Node& n) { read_text(n, "identity", system.holder_identity_attribute); }}};
    const std::size_t errors = diagnostics_.error_count();
    read_keys(node, "holder", keys);
    if (diagnostics_.error_count() == errors &&
        (system.holder_account_attribute.empty() || system.holder_identity_attribute.empty())) {
      diagnostics_.error(Code::R0806, node.span, "`holder` needs both `account` and `identity`",
                         "like `{ account: uid, identity: id }`");
    }
  }

  void read_server(const Node& node, ServerConfiguration& server) {
    using Handler = std::function<void(const Node&)>;
    const std::map<std::string, Handler> keys{
        {"listen", [&](const Node& n) { read_text(n, "listen", server.listen); }},
        {"tls", [&](const Node& n) { read_tls(n, server.tls.emplace()); }},
        {"tokens", [&](const Node& n) { read_tokens(n, server.tokens); }}};
    read_keys(node, "server", keys);
  }

  void read_audit(const Node& node, AuditConfiguration& audit) {
    using Handler = std::function<void(const Node&)>;
    const std::map<std::string, Handler> keys{
        {"key", [&](const Node& n) { read_value(n, "key", true, audit.key.emplace()); }},
        {"origin",
         [&](const Node& n) {
           read_text(n, "origin", audit.origin);
           audit.origin_span = n.span;
         }},
        {"witness", [&](const Node& n) { read_text(n, "witness", audit.witness); }}};
    read_keys(node, "audit", keys);
    if (audit.origin.find_first_of(" +\t\n") != std::string::npos) {
      diagnostics_.error(
          Code::R1101, audit.origin_span, "`" + audit.origin + "` cannot name a log",
          "an origin has no space and no plus sign, like `audit.example.org/rescind`");
    }
  }

  void read_tls(const Node& node, TlsConfiguration& tls) {
    using Handler = std::function<void(const Node&)>;
    const std::map<std::string, Handler> keys{
        {"certificate", [&](const Node& n) { read_text(n, "certificate", tls.certificate); }},
        {"key", [&](const Node& n) { read_text(n, "key", tls.key); }}};
    const std::size_t errors = diagnostics_.error_count();
    read_keys(node, "tls", keys);
    if (diagnostics_.error_count() == errors && (tls.certificate.empty() || tls.key.empty())) {
      diagnostics_.error(Code::R0806, node.span, "`tls` needs both `certificate` and `key`",
                         "paths of files in PEM form");
    }
  }

  void read_tokens(const Node& node, std::map<std::string, ConfiguredValue>& tokens) {
    if (node.kind == Node::Kind::Null || !expect(node, Node::Kind::Map, "tokens")) {
      return;
    }
    for (const DocumentMember& member : node.members) {
      read_value(member.value, member.key, true, tokens[member.key]);
    }
  }

  void read_handover(const Node& node, HandoverConfiguration& out) {
    using Handler = std::function<void(const Node&)>;
    const std::map<std::string, Handler> file{
        {"folder", [&](const Node& n) { read_text(n, "folder", out.folder); }}};
    const std::map<std::string, Handler> keys{
        {"webhook", [&](const Node& n) { read_webhook(n, out.webhook.emplace()); }},
        {"smtp", [&](const Node& n) { read_smtp(n, out.smtp.emplace()); }},
        {"file", [&](const Node& n) {
           read_keys(n, "file", file);
           need(n, "file", "folder", out.folder);
         }}};
    read_keys(node, "handover", keys);
  }

  void need(const Node& node, const std::string& where, const std::string& key,
            const std::string& value) {
    if (node.kind == Node::Kind::Map && node.find(key) == nullptr && value.empty()) {
      diagnostics_.error(Code::R0806, node.span, "`" + where + "` needs `" + key + "`");
    }
  }

  void read_webhook(const Node& node, WebhookConfiguration& out) {
    using Handler = std::function<void(const Node&)>;
    const std::map<std::string, Handler> keys{
        {"url", [&](const Node& n) { read_url(n, out.url); }},
        {"secret", [&](const Node& n) { read_value(n, "secret", true, out.secret.emplace()); }},
        {"ca", [&](const Node& n) { read_text(n, "ca", out.ca); }},
        {"timeout", [&](const Node& n) { read_duration(n, "timeout", out.timeout); }}};
    read_keys(node, "webhook", keys);
    need(node, "webhook", "url", "");
  }

  void read_url(const Node& node, ConfiguredValue& out) {
    if (node.kind == Node::Kind::Map) {
      read_value(node, "url", true, out);
      return;
    }
    std::string url;
    read_text(node, "url", url);
    if (!url.empty() && !is_webhook_url(url)) {
      diagnostics_.error(Code::R0803, node.span, "`url` must begin with `https://`",
                         "`http://` only on this machine");
    } else if (carries_password(url)) {
      refuse_plain_secret(node, "url");
    }
    out = {std::move(url), node.span};
  }

  void read_smtp(const Node& node, SmtpConfiguration& out) {
    using Handler = std::function<void(const Node&)>;
    const std::map<std::string, Handler> keys{
        {"host", [&](const Node& n) { read_text(n, "host", out.host); }},
        {"port", [&](const Node& n) { read_port(n, out.port); }},
        {"encryption", [&](const Node& n) { read_encryption(n, out.encryption); }},
        {"user", [&](const Node& n) { read_text(n, "user", out.user); }},
        {"password",
         [&](const Node& n) { read_value(n, "password", true, out.password.emplace()); }},
        {"from", [&](const Node& n) { read_text(n, "from", out.from); }},
        {"ca", [&](const Node& n) { read_text(n, "ca", out.ca); }},
        {"timeout", [&](const Node& n) { read_duration(n, "timeout", out.timeout); }}};
    read_keys(node, "smtp", keys);
    need(node, "smtp", "host", out.host);
    need(node, "smtp", "from", out.from);
    if (out.encryption == SmtpConfiguration::Encryption::None && out.password) {
      diagnostics_.error(Code::R0803, out.password->span,
                         "`password` would travel unencrypted with `encryption: none`");
    }
  }

  void read_port(const Node& node, std::uint16_t& out) {
    const bool digits = node.is_text() && !node.text.empty() && node.text.size() <= 5 &&
                        node.text.find_first_not_of("0123456789") == std::string::npos;
    const unsigned long port = digits ? std::stoul(node.text) : 0;
    if (port == 0 || port > 65535) {
      wrong(node, "port", "a number from 1 to 65535");
      return;
    }
    out = static_cast<std::uint16_t>(port);
  }

  void read_encryption(const Node& node, SmtpConfiguration::Encryption& out) {
    using Encryption = SmtpConfiguration::Encryption;
    static const std::map<std::string, Encryption> names{
        {"starttls", Encryption::StartTls}, {"tls", Encryption::Tls}, {"none", Encryption::None}};
    const auto found = node.is_text() ? names.find(node.text) : names.end();
    if (found == names.end()) {
      wrong(node, "encryption", "`starttls`, `tls` or `none`");
      return;
    }
    out = found->second;
  }

  Diagnostics& diagnostics_;
};

}  // namespace

std::optional<Configuration> read_configuration(const SourceSet& sources, SourceFileId file,
                                                std::string directory, Diagnostics& diagnostics) {
  DocumentLimits limits;
  limits.max_bytes = 1024UL * 1024;
  limits.max_nodes = 100'000;
  const std::size_t errors = diagnostics.error_count();
  Configuration configuration;
  configuration.directory = std::move(directory);
  const std::vector<DocumentNode> documents =
      read_yaml_document(sources, file, Code::R0801, limits, diagnostics);
  if (documents.size() > 1) {
    diagnostics.error(Code::R0801, documents[1].span, "a configuration is a single document");
  }
  if (!documents.empty()) {
    ConfigurationReader(diagnostics).read(documents.front(), configuration);
  }
  if (diagnostics.error_count() != errors) {
    return std::nullopt;
  }
  return configuration;
}

bool is_webhook_url(std::string_view url) {
  return url.starts_with("https://") || url.starts_with("http://127.0.0.1:") ||
         url.starts_with("http://[::1]:") || url.starts_with("http://localhost:");
}

std::string configured_path(const Configuration& configuration, const std::string& path) {
  const std::filesystem::path given(path);
  if (given.is_absolute() || configuration.directory.empty()) {
    return path;
  }
  return (std::filesystem::path(configuration.directory) / given).string();
}

}  // namespace rescind
