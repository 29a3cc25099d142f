// How the SCIM connector changes things: read, ask in one dialect after the other, read back each
// time. What the server answers to a write counts less than what it then shows.
#include <nlohmann/json.hpp>

#include "connectors/scim/connector.h"
#include "connectors/support/native_id.h"

namespace rescind::scim {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::milliseconds kSettlePause{200};

ActionResult plain(ResultClass result, std::string detail) {
  Attempt nothing_sent;
  return nothing_sent.finish(result, std::move(detail));
}

std::string not_ours(const ActionRequest& request) {
  return std::string(verb_name(request.verb)) + " " + std::string(kind_name(request.item.kind)) +
         " is nothing that SCIM can do";
}

// What a read that showed nothing means for an attempt that has not written yet.
ActionResult unread(const ReadAnswer& answer, Attempt& attempt) {
  switch (answer.state) {
  case ReadState::Refused:
    return attempt.finish(ResultClass::AuthFailed, answer.why);
  case ReadState::Forbidden:
    return attempt.finish(ResultClass::NeedsHuman,
                          "the connector's credential may not read that: " + answer.why);
  case ReadState::Throttled:
    return attempt.finish(ResultClass::Throttled, answer.why, answer.retry_at);
  case ReadState::Found:
  case ReadState::Missing:
  case ReadState::Unreachable:
  case ReadState::Broken:
    break;
  }
  return attempt.finish(ResultClass::Failed, "nothing was changed: " + answer.why);
}

}  // namespace

std::optional<ScimConnector::Wish> ScimConnector::wish_of(const ActionRequest& request,
                                                          std::string& why) const {
  std::optional<Target> target = target_of(request.item);
  if (!target) {
    why = "`" + request.item.native_id + "` is no native id of this connector's " +
          std::string(kind_name(request.item.kind)) + " items";
    return std::nullopt;
  }
  const bool account = request.item.kind == Kind::Account;
  if (account && request.verb == Verb::Disable) {
    return Wish{*target, false, ""};
  }
  if (account && request.verb == Verb::Delete && !options_.delete_only_deactivates) {
    target->what = Target::What::Whole;
    return Wish{*target, false, ""};
  }
  if (!account && request.verb == Verb::Remove) {
    return Wish{*target, false, ""};
  }
  why = not_ours(request);
  return std::nullopt;
}

std::optional<ScimConnector::Wish> ScimConnector::undo_wish(const ActionRequest& request,
                                                            ActionResult& refusal) const {
  std::string why;
  std::optional<Wish> wish = wish_of(request, why);
  const bool deletes = (wish && wish->target.what == Target::What::Whole) ||
                       (options_.deactivation_deletes && request.item.kind == Kind::Account);
  if (!wish || deletes) {
    refusal = plain(ResultClass::Unsupported, wish ? "a deleted account cannot be put back" : why);
    return std::nullopt;
  }
  const std::optional<Json> captured = parse_object(request.captured);
  if (!captured) {
    refusal = plain(ResultClass::Failed, "there is no captured state to go back to");
    return std::nullopt;
  }
  wish->want = true;
  if (wish->target.what == Target::What::Active) {
    if (read_active(*captured) != true) {
      refusal = plain(ResultClass::AlreadyDone, "the account was not active before either");
      return std::nullopt;
    }
    return wish;
  }
  const auto element = captured->find("element");
  if (element == captured->end() || element->is_null()) {
    refusal = plain(ResultClass::AlreadyDone, "it was not there before either");
    return std::nullopt;
  }
  // The server fills in type and $ref itself; sent back, some refuse them.
  wish->element = element->is_object() && wish->target.attribute == "members"
                      ? Json{{"value", wish->target.value}}.dump()
                      : element->dump();
  return wish;
}

ScimConnector::Look ScimConnector::look(const Wish& wish, Attempt* attempt) {
  Look seen;
  seen.answer = client_.read(wish.target.path(), attempt);
  if (seen.answer.state == ReadState::Missing) {
    seen.missing = true;
    seen.fulfilled = !wish.want;
  } else if (seen.answer.state == ReadState::Found) {
    if (wish.target.what == Target::What::Whole) {
      seen.fulfilled = false;
    } else {
      seen.fulfilled = holds(wish.target, wish.want, *parse_object(seen.answer.body));
    }
    if (!seen.fulfilled) {
      seen.answer.why = "the server does not show `active`";
    }
  }
  return seen;
}

std::vector<Dialect> ScimConnector::spoken(const Wish& wish, const ReadAnswer* answer) const {
  const std::optional<Json> resource =
      answer == nullptr ? std::nullopt : parse_object(answer->body);
  std::vector<Dialect> ways =
      dialects(wish.target, wish.want, resource ? &*resource : nullptr, wish.element);
  if (!patch_supported_) {
    std::erase_if(ways, [](const Dialect& way) { return way.method == "PATCH"; });
  }
  return ways;
}

ActionResult ScimConnector::missing_result(const Wish& wish, Attempt& attempt, bool by_us) const {
  if (wish.want) {
    return attempt.finish(ResultClass::Failed,
                          "it is gone, so there is nothing to put this back to");
  }
  const bool meant = wish.target.what == Target::What::Whole || options_.deactivation_deletes;
  if (by_us && meant) {
    return attempt.finish(ResultClass::Changed, "it is gone");
  }
  return attempt.finish(ResultClass::Absent,
                        by_us ? "the server deleted the account instead of deactivating it; set "
                                "deactivate_means: delete so that plans know"
                              : "it is gone");
}

ScimConnector::Trial ScimConnector::try_dialect(const Wish& wish, const Dialect& dialect,
                                                Look& seen, Attempt& attempt) {
  const bool guarded = etag_supported_ && dialect.method == "PUT";
  const HttpAnswer answer = client_.send({dialect.method, wish.target.path(), dialect.body,
                                          guarded ? seen.answer.etag : std::string()},
                                         &attempt);
  Trial trial;
  trial.accepted = answer.ok();
  trial.why = dialect.what + ": " + describe(answer);
  const auto settled = [&](ResultClass result, std::string detail) {
    trial.result = attempt.finish(result, std::move(detail), answer.retry_at);
    return trial;
  };
  if (answer.delivery == Delivery::NotSent) {
    return settled(ResultClass::Failed, "nothing was changed: " + answer.why);
  }
  if (answer.status == 401) {
    return settled(ResultClass::AuthFailed, trial.why);
  }
  // It knows our credential and may do as we ask elsewhere: this one is protected.
  if (answer.status == 403) {
    return settled(ResultClass::NeedsHuman,
                   "the connector's credential may not do that: " + trial.why);
  }
  if (answer.status == 429 || (answer.status == 503 && answer.retry_at)) {
    return settled(ResultClass::Throttled, trial.why);
  }
  if (answer.status == 409 || answer.status == 412) {
    return settled(ResultClass::Conflict, trial.why);
  }
  const bool cut = answer.delivery == Delivery::MaybeSent;
  const bool outage = answer.status >= 500 && answer.status != 501;  // 501: another method may do
  seen = look(wish, &attempt);
  // The last user of all: the same connection saw it a moment ago and was told that it is deleted.
  const bool was_last =
      answer.ok() && wish.target.what == Target::What::Whole && seen.answer.unproved_missing;
  if (seen.missing || was_last) {
    trial.result = missing_result(wish, attempt, answer.status != 404);
    return trial;
  }
  if (seen.fulfilled.value_or(false)) {
    return settled(ResultClass::Changed, answer.ok() ? "" : trial.why + ", but it is done");
  }
  if (!seen.fulfilled && (cut || answer.ok() || outage)) {
    return settled(ResultClass::Unknown, trial.why + "; reading back: " + seen.answer.why);
  }
  if (cut) {
    return settled(ResultClass::Unknown, trial.why + "; it is not done yet");
  }
  if (outage) {
    return settled(ResultClass::Failed, trial.why + ", and it is not done");
  }
  return trial;
}

std::optional<ActionResult> ScimConnector::settle(const Wish& wish, Attempt& attempt) {
  const auto give_up = clock_.monotonic() + std::chrono::milliseconds(options_.settle);
  while (clock_.monotonic() < give_up) {
    clock_.sleep_for(kSettlePause);
    const Look seen = look(wish, nullptr);
    if (seen.missing) {
      return missing_result(wish, attempt, true);
    }
    if (seen.fulfilled.value_or(false)) {
      return attempt.finish(ResultClass::Changed, "it took the server a moment");
    }
  }
  return std::nullopt;
}

ActionResult ScimConnector::fulfil(const Wish& wish) {
  Attempt attempt;
  Look seen = look(wish, &attempt);
  if (seen.missing) {
    return missing_result(wish, attempt, false);
  }
  if (seen.answer.state != ReadState::Found) {
    return unread(seen.answer, attempt);
  }
  if (seen.fulfilled.value_or(false)) {
    return attempt.finish(ResultClass::AlreadyDone, "");
  }
  Trial last;
  bool accepted = false;
  const std::size_t count = spoken(wish, &seen.answer).size();
  for (std::size_t i = 0; i < count; ++i) {
    // WHY: made anew each time, since a PUT must carry what the last read showed.
    last = try_dialect(wish, spoken(wish, &seen.answer)[i], seen, attempt);
    if (last.result) {
      return *std::move(last.result);
    }
    accepted = accepted || last.accepted;
    if (seen.answer.state != ReadState::Found) {
      return attempt.finish(ResultClass::Failed, last.why + "; reading back: " + seen.answer.why);
    }
  }
  if (!accepted) {
    return attempt.finish(ResultClass::Failed,
                          "the server understood no way to ask (" + last.why + ")");
  }
  if (std::optional<ActionResult> result = settle(wish, attempt)) {
    return *std::move(result);
  }
  const bool only_deactivated = wish.target.what == Target::What::Whole &&
                                read_active(*parse_object(seen.answer.body)) == false;
  return attempt.finish(
      ResultClass::Failed,
      "the server accepted the change and did not make it (" + last.why + ")" +
          (only_deactivated ? "; the account is there and inactive: if that is "
                              "what the server means, set delete_means: deactivate"
                            : ""));
}

ActionResult ScimConnector::perform(const ActionRequest& given) {
  const ActionRequest request = addressed(given);
  if (request.verb == Verb::Restore) {
    return undo(request);
  }
  std::string why;
  const std::optional<Wish> wish = wish_of(request, why);
  return wish ? fulfil(*wish) : plain(ResultClass::Unsupported, why);
}

ActionResult ScimConnector::undo(const ActionRequest& given) {
  const ActionRequest request = addressed(given);
  ActionRequest original = request;
  if (request.verb == Verb::Restore) {
    original.verb = request.item.kind == Kind::Account ? Verb::Disable : Verb::Remove;
  }
  ActionResult refusal;
  const std::optional<Wish> wish = undo_wish(original, refusal);
  return wish ? fulfil(*wish) : refusal;
}

}  // namespace rescind::scim
