// An evidence pack as a page: everything on it is told from the entries that it carries.
#include <algorithm>
#include <string>

#include "audit/html.h"
#include "audit/pack.h"

namespace rescind {
namespace {

std::string when(Instant at) {
  return readable_instant(format_instant(at));
}

std::string when(const std::optional<Instant>& at) {
  return at ? when(*at) : std::string("–");
}

std::string entry_link(std::uint64_t entry) {
  const std::string number = std::to_string(entry);
  return "<a class=\"mono\" href=\"#entry-" + number + "\">#" + number + "</a>";
}

std::string chip(std::string_view look, std::string_view text) {
  return "<span class=\"chip " + std::string(look) + "\">" + escape_html(text) + "</span>";
}

std::string lines_html(const std::string& text) {
  std::string out = escape_html(text);
  for (std::size_t at = 0; (at = out.find('\n', at)) != std::string::npos;) {
    out.replace(at, 1, "<br>");
  }
  return out;
}

std::string_view look_of_state(const StoryStep& step) {
  if (step.done()) {
    return "good";
  }
  const bool stuck = step.state == "failed" || step.state == "refused" ||
                     step.state == "unsupported" || step.state == "unknown" ||
                     step.state == "conflict";
  return stuck ? "bad" : "warn";
}

std::string_view look_of_outcome(const std::string& outcome) {
  if (outcome == "scheduled" || outcome == "staged") {
    return "accent";
  }
  return outcome == "uncovered" || outcome == "undetermined" ? "bad" : "warn";
}

class Page {
 public:
  Page(const EvidencePack& pack, const Story& story, const std::vector<AuditEntry>& entries,
       const Checkpoint& checkpoint)
      : pack_(pack), story_(story), entries_(entries), checkpoint_(checkpoint) {}

  std::string render(const std::string& json) {
    head();
    causes();
    items();
    steps();
    searches();
    exceptions();
    approvals();
    timeline();
    verification();
    proofs();
    data(json);
    return std::move(out_);
  }

 private:
  void head() {
    out_ +=
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>"
        "Evidence: " +
        escape_html(pack_.identity) + "</title>\n<style>" + std::string(page_style()) +
        "</style>\n</head>\n<body>\n<main>\n<div class=\"over\">Evidence pack</div>\n<h1>" +
        escape_html(pack_.identity) + "</h1>\n<p class=\"soft\">Log <code>" +
        escape_html(checkpoint_.origin) + "</code> · made " + when(pack_.made_at) +
        " UTC · all instants are UTC</p>\n";
    out_ += "<div class=\"verdict " + std::string(story_.gone ? "good" : "warn") + "\"><strong>" +
            headline() + "</strong><span>" + escape_html(story_.verdict) + "</span></div>\n";
    out_ += "<div class=\"cards\">";
    card(std::to_string(story_.items.size()), "things they had");
    card(std::to_string(story_.done) + " / " + std::to_string(story_.changes),
         "changes read back as done");
    card(story_.searches.empty() ? "–" : std::to_string(story_.searches.back().paths),
         "ways in at the last search");
    card(std::to_string(story_.exceptions.size()), "exceptions");
    card(std::to_string(pack_.entries.size()), "log entries, all proved");
    out_ += "</div>\n";
  }

  [[nodiscard]] std::string headline() const {
    if (!story_.gone) {
      return "Not all access is gone.";
    }
    return story_.done == story_.changes ? "Gone and proved."
                                         : "Access is gone and proved. The rest waits.";
  }

  void card(const std::string& figure, const std::string& label) {
    out_ += "<div class=\"card\"><b>" + figure + "</b><span>" + label + "</span></div>";
  }

  void table(const std::string& title, const std::string& lead, const std::string& heads) {
    out_ += "<h2>" + title + "</h2>\n" +
            (lead.empty() ? "" : "<p class=\"soft\">" + lead + "</p>\n") +
            "<div class=\"scroll\"><table><thead><tr>" + heads + "</tr></thead><tbody>\n";
  }

  void end_table() { out_ += "</tbody></table></div>\n"; }

  void nothing(const std::string& title, const std::string& text) {
    out_ += "<h2>" + title + "</h2>\n<p class=\"soft\">" + text + "</p>\n";
  }

  void causes() {
    if (story_.causes.empty()) {
      nothing("Why", "No event about this identity is in the log.");
      return;
    }
    table("Why", "",
          "<th>event</th><th>about</th><th>effective</th><th>reported by</th><th>entry</th>");
    for (const StoryCause& cause : story_.causes) {
      std::string reporter = escape_html(cause.source);
      if (!cause.submitted_by.empty()) {
        reporter += (reporter.empty() ? "" : ", ") + escape_html(cause.submitted_by);
      }
      if (!cause.id.empty()) {
        reporter += " <span class=\"soft\">" + escape_html(cause.id) + "</span>";
      }
      out_ += "<tr><td>" + chip("accent", cause.type) + "</td><td>" + escape_html(cause.subject) +
              "</td><td class=\"when\">" + readable_instant(escape_html(cause.effective)) +
              "</td><td>" + reporter + "</td><td>" + entry_link(cause.entry) + "</td></tr>\n";
    }
    end_table();
  }

  void items() {
    if (story_.items.empty()) {
      nothing("What they had, and what was decided", "No decision about them is in the log.");
      return;
    }
    table("What they had, and what was decided", "",
          "<th>item</th><th>system</th><th>decision</th><th>why</th><th>entry</th>");
    for (const StoryItem& item : story_.items) {
      for (const StoryDecision& decision : item.decisions) {
        out_ += "<tr><td><b>" + escape_html(item.item) + "</b><br><span class=\"soft small\">" +
                escape_html(item.kind) +
                (item.holder == pack_.identity || item.holder.empty()
                     ? ""
                     : " of " + escape_html(item.holder)) +
                "</span></td><td>" + escape_html(item.system) + "</td><td>" +
                (decision.verb.empty() ? "" : "<b>" + escape_html(decision.verb) + "</b> ") +
                chip(look_of_outcome(decision.outcome), decision.outcome) + "</td><td>" +
                lines_html(decision.because) + "<div class=\"soft small\">" +
                lines_html(decision.rules) +
                (decision.controls.empty() ? "" : "<br>" + escape_html(decision.controls)) +
                "</div></td><td>" + entry_link(decision.entry) + "</td></tr>\n";
      }
    }
    end_table();
  }

  void steps() {
    if (story_.steps.empty()) {
      nothing("What was done", "No step about them is in the log.");
      return;
    }
    table("What was done, and what reading back said", "",
          "<th>change</th><th>system</th><th>due by</th><th>done</th><th>state</th><th>read back"
          "</th><th>entries</th>");
    for (const StoryStep& step : story_.steps) {
      const auto deadline = parse_instant(step.deadline);
      std::string done = when(step.done_at);
      if (step.done_at && deadline && *step.done_at > *deadline) {
        done += "<br>" + chip("bad", "late");
      }
      out_ += "<tr><td><b>" + escape_html(step.what) + "</b><br><span class=\"soft small\">" +
              escape_html(step.rank) + (step.reversible == "never" ? ", cannot be undone" : "") +
              "</span></td><td>" + escape_html(step.system) + "</td><td class=\"when\">" +
              (step.deadline.empty() ? "–" : readable_instant(escape_html(step.deadline))) +
              "</td><td class=\"when\">" + done + "</td><td>" +
              chip(look_of_state(step), step.state) + "</td><td>" +
              (step.proof.empty() ? "–"
                                  : escape_html(step.proof) + "<br><span class=\"soft small\">" +
                                        when(step.proved_at) + "</span>") +
              "</td><td>" + entry_link(step.entry) +
              (step.proof_entry ? " " + entry_link(*step.proof_entry) : "") + "</td></tr>\n";
    }
    end_table();
  }

  void searches() {
    const std::string title = "What proves that it is gone";
    if (story_.searches.empty()) {
      nothing(title, "Nobody has searched yet for access that is left.");
      return;
    }
    table(title,
          "After the changes the systems were listed again, every change was read back by "
          "itself, and what was seen was searched for ways to sign in, act or be impersonated.",
          "<th>searched</th><th>for</th><th>ways in</th><th>left</th><th>entry</th>");
    for (const StorySearch& search : story_.searches) {
      out_ += "<tr><td class=\"when\">" + when(search.at) + "</td><td>" +
              escape_html(search.subject) + "</td><td>" +
              chip(search.paths == 0 ? "good" : "bad", std::to_string(search.paths)) + "</td><td>" +
              (search.left.empty() ? "nothing" : lines_html(search.left)) + "</td><td>" +
              entry_link(search.entry) + "</td></tr>\n";
    }
    end_table();
  }

  void exceptions() {
    const std::string title = "What was excepted, and by whom";
    if (story_.exceptions.empty()) {
      nothing(title, "Nothing was held back.");
      return;
    }
    table(title, "",
          "<th>item</th><th>held back</th><th>by</th><th>ordered by</th><th>until</th><th>why</th>"
          "<th>entry</th>");
    for (const StoryException& held : story_.exceptions) {
      out_ += "<tr><td><b>" + escape_html(held.item) + "</b></td><td>" + escape_html(held.verb) +
              ' ' + chip("warn", held.form) + "</td><td>" + escape_html(held.hold) + "</td><td>" +
              escape_html(held.ordered_by) + "</td><td class=\"when\">" +
              (held.until.empty() ? "lifted" : readable_instant(escape_html(held.until))) +
              "</td><td>" + escape_html(held.because) + "</td><td>" + entry_link(held.entry) +
              "</td></tr>\n";
    }
    end_table();
  }

  void approvals() {
    if (story_.approvals.empty()) {
      nothing("Who approved", "Nothing needed an approval, or none was given.");
      return;
    }
    table("Who approved", "", "<th>when</th><th>who</th><th>what</th><th>how</th><th>entry</th>");
    for (const StoryApproval& approval : story_.approvals) {
      std::string how = approval.refused ? chip("bad", "refused") : chip("good", "approved");
      how += approval.is_signed ? chip("accent", "signed") : "";
      how += approval.key.empty() ? "" : " <code>" + escape_html(approval.key) + "</code>";
      how += approval.on_behalf_of.empty() ? "" : " for " + escape_html(approval.on_behalf_of);
      how += approval.reason.empty() ? "" : "<br>" + escape_html(approval.reason);
      out_ += "<tr><td class=\"when\">" + when(approval.at) + "</td><td>" +
              escape_html(approval.who) + "</td><td>" + escape_html(approval.what) + "</td><td>" +
              how + "</td><td>" + entry_link(approval.entry) + "</td></tr>\n";
    }
    end_table();
  }

  void timeline() {
    table("Timeline", "", "<th>when</th><th>what</th><th>entry</th>");
    for (const StoryLine& line : story_.timeline) {
      out_ +=
          "<tr><td class=\"when\">" + when(line.at) + "</td><td>" + escape_html(line.what) +
          (line.detail.empty() ? ""
                               : " <span class=\"soft\">" + escape_html(line.detail) + "</span>") +
          "</td><td>" + entry_link(line.entry) + "</td></tr>\n";
    }
    end_table();
  }

  void verification() {
    out_ +=
        "<h2>How to check this page</h2>\n<p>The page carries every entry of the log about this "
        "identity, the proof that the signed log holds each of them, and a seal over all. "
        "Ask the owner of the log for its public key by another way than this page, then run"
        "</p>\n<pre>rescind-verify --key ed25519:… THIS-FILE</pre>\n<p>It needs neither the "
        "server nor its database. It also writes this page again from the entries and compares, "
        "so that no word of it can be changed. The checkpoint under which all entries are:</p>\n"
        "<pre>" +
        escape_html(pack_.checkpoint) + "</pre>\n<p>The seal:</p>\n<pre>" +
        escape_html(pack_.seal) + "</pre>\n";
  }

  void proofs() {
    out_ +=
        "<h2>Entries and their proofs</h2>\n<p class=\"soft\">Each entry hashes to a leaf; with "
        "the hashes under it the leaf gives the root in the checkpoint.</p>\n";
    for (std::size_t at = 0; at < entries_.size(); ++at) {
      const AuditEntry& entry = entries_[at];
      const std::string number = std::to_string(entry.sequence);
      out_ += "<details id=\"entry-" + number + "\"><summary><span class=\"mono\">#" + number +
              "</span> " + escape_html(entry.note.kind) + " <span class=\"soft\">" +
              when(entry.note.at) + "</span></summary>\n<pre>" +
              escape_html(pack_.entries[at].line) + "</pre>\n<pre>leaf " +
              to_hex(hash_leaf(pack_.entries[at].line));
      for (const MerkleHash& hash : pack_.entries[at].proof) {
        out_ += "\n     " + to_hex(hash);
      }
      out_ += "</pre></details>\n";
    }
  }

  // The JSON of the pack; "<" is written out so that nothing in it can end the element.
  void data(const std::string& json) {
    out_ += "<footer>Written by rescind from " + std::to_string(entries_.size()) +
            " log entries.</footer>\n</main>\n<script type=\"application/json\" id=\"evidence\">";
    for (const char byte : json) {
      if (byte == '<') {
        out_ += "\\u003c";
      } else {
        out_ += byte;
      }
    }
    out_ += "</script>\n</body>\n</html>\n";
  }

  const EvidencePack& pack_;
  const Story& story_;
  const std::vector<AuditEntry>& entries_;
  const Checkpoint& checkpoint_;
  std::string out_;
};

}  // namespace

Result<std::string> render_pack_page(const EvidencePack& pack) {
  RESCIND_ASSIGN_OR_RETURN(const std::string json, encode_pack(pack));
  RESCIND_ASSIGN_OR_RETURN(const Checkpoint checkpoint, read_checkpoint(pack.checkpoint));
  std::vector<AuditEntry> entries;
  for (const PackEntry& entry : pack.entries) {
    RESCIND_ASSIGN_OR_RETURN(AuditEntry read, decode_entry(entry.line));
    entries.push_back(std::move(read));
  }
  const Story story = tell_story(entries, pack.identity);
  return Page(pack, story, entries, checkpoint).render(json);
}

}  // namespace rescind
