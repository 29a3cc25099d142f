// People and hand-over of a project.
#include "app/cli/people.h"

#include <algorithm>
#include <functional>
#include <ostream>

#include "collect/read_configuration.h"
#include "connectors/handover/hand_over.h"
#include "workflow/escalate.h"

namespace rescind {
namespace {

constexpr std::uint16_t kSubmissionPort = 587;
constexpr std::uint16_t kSubmissionsPort = 465;
constexpr std::uint16_t kSmtpPort = 25;

Result<std::string> resolve_secret(const std::optional<ConfiguredValue>& value,
                                   const std::string& directory, const char* what) {
  if (!value) {
    return std::string();
  }
  Result<std::string> resolved = resolve_value(*value, directory);
  if (!resolved) {
    return tl::unexpected(
        std::move(resolved).error().add_context("`" + std::string(what) + "` of `handover`"));
  }
  return resolved;
}

std::uint16_t port_of(const SmtpConfiguration& smtp) {
  if (smtp.port != 0) {
    return smtp.port;
  }
  switch (smtp.encryption) {
  case SmtpConfiguration::Encryption::StartTls:
    return kSubmissionPort;
  case SmtpConfiguration::Encryption::Tls:
    return kSubmissionsPort;
  case SmtpConfiguration::Encryption::None:
    return kSmtpPort;
  }
  return kSmtpPort;
}

std::string path_or_nothing(const Configuration& configuration, const std::string& path) {
  return path.empty() ? path : configured_path(configuration, path);
}

}  // namespace

Result<People> session_people(const Session& session, Instant now,
                              std::shared_ptr<const Inventory> inventory) {
  std::set<std::string> leaving;
  if (session.store) {
    auto known = find_leaving(*session.store, *session.policy.checked->schema);
    if (!known) {
      return tl::unexpected(std::move(known).error().add_context("reading who is leaving"));
    }
    leaving = *std::move(known);
  }
  return read_people(inventory ? std::move(inventory) : session.inventory,
                     session.project.configuration.steward, std::move(leaving), now);
}

Result<std::shared_ptr<HandOver>> open_hand_over(const Project& project) {
  const Configuration& configuration = project.configuration;
  const HandoverConfiguration& from = configuration.handover;
  if (from.empty()) {
    return std::shared_ptr<HandOver>();
  }
  HandOverSettings settings;
  if (from.webhook) {
    RESCIND_ASSIGN_OR_RETURN(
        const std::string secret,
        resolve_secret(from.webhook->secret, configuration.directory, "secret"));
    RESCIND_ASSIGN_OR_RETURN(const std::string url,
                             resolve_secret(from.webhook->url, configuration.directory, "url"));
    if (!is_webhook_url(url)) {
      return fail(
          ErrorKind::Unsupported,
          "`url` of `handover: webhook:` must begin with `https://`; `http://` only on this "
          "machine");
    }
    settings.webhook = {url, secret, path_or_nothing(configuration, from.webhook->ca),
                        from.webhook->timeout};
  }
  if (from.smtp) {
    RESCIND_ASSIGN_OR_RETURN(
        const std::string password,
        resolve_secret(from.smtp->password, configuration.directory, "password"));
    SmtpSettings smtp;
    smtp.host = from.smtp->host;
    smtp.port = port_of(*from.smtp);
    smtp.encryption = static_cast<SmtpSettings::Encryption>(from.smtp->encryption);
    smtp.user = from.smtp->user;
    smtp.password = password;
    smtp.from = from.smtp->from;
    smtp.ca = path_or_nothing(configuration, from.smtp->ca);
    smtp.timeout = from.smtp->timeout;
    settings.smtp = std::move(smtp);
  }
  settings.folder = path_or_nothing(configuration, from.folder);
  return std::shared_ptr<HandOver>(make_hand_over(std::move(settings)));
}

namespace {

using Moves = std::function<Result<std::optional<Instant>>(const People&, HandOver*, Instant)>;

void move_escalations(const CommandContext& context, const Session& session, const Moves& moves) {
  const Instant now = context.clock.now();
  const auto hand_over = open_hand_over(session.project);
  if (!hand_over) {
    context.err << "note: nobody is called: " << hand_over.error().to_string() << '\n';
  }
  const auto next = [&]() -> Result<std::optional<Instant>> {
    RESCIND_ASSIGN_OR_RETURN(const People people, session_people(session, now));
    return moves(people, hand_over ? hand_over->get() : nullptr, now);
  }();
  if (!next) {
    context.err << "note: escalations could not be kept: " << next.error().to_string() << '\n';
  }
}

}  // namespace

void escalate(const CommandContext& context, const Session& session, const Plan& plan,
              const std::string& run) {
  move_escalations(context, session, [&](const People& people, HandOver* hand_over, Instant now) {
    return escalate_run(plan, run, *session.store, people, hand_over, now);
  });
}

void escalate_due(const CommandContext& context, const Session& session) {
  const auto open = session.store->list_escalations(true);
  const Instant at = context.clock.now();
  if (open && std::none_of(open->begin(), open->end(), [&](const EscalationRecord& record) {
        const auto look = next_look(record);
        return look && *look <= at;
      })) {
    return;
  }
  move_escalations(context, session, [&](const People& people, HandOver* hand_over, Instant now) {
    return rescind::escalate_due(*session.store, people, hand_over, now);
  });
}

}  // namespace rescind
