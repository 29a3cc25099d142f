// The paging of SCIM collections.
#include "connectors/scim/listing.h"

#include <unordered_set>

#include <nlohmann/json.hpp>

#include "connectors/scim/resource.h"

namespace rescind::scim {
namespace {

using Json = nlohmann::json;

constexpr int kMaxPasses = 3;

// One pass over the collection from its first page.
class Pass {
 public:
  Pass(ScimClient& client, const ListingOptions& options) : client_(client), options_(options) {}

  // False: the collection changed under the pass; start again.
  bool run() {
    for (;;) {
      const std::string path = options_.path + "?startIndex=" + std::to_string(next_index_) +
                               "&count=" + std::to_string(options_.page_size);
      const ReadAnswer answer = client_.get(path, nullptr);
      if (answer.state != ReadState::Found) {
        failed(answer);
        return true;
      }
      out_.answered = true;
      const Step step = take_page(answer.body);
      if (step != Step::Next) {
        return step == Step::Done;
      }
    }
  }

  ListedCollection out_;

 private:
  enum class Step { Next, Done, Changed };

  [[nodiscard]] std::int64_t seen() const { return static_cast<std::int64_t>(ids_.size()); }

  [[nodiscard]] bool reached_total() const { return total_ >= 0 && seen() >= total_; }

  void failed(const ReadAnswer& answer) {
    if (!out_.answered) {
      out_.first_answer = answer;
    }
    // Asking past the end is an error to some servers; everything was there before it.
    const bool past_end = out_.answered && reached_total() &&
                          (answer.state == ReadState::Broken || answer.state == ReadState::Missing);
    out_.complete = past_end;
    out_.why = past_end ? "" : answer.why;
  }

  Step done(std::string why) {
    out_.complete = why.empty();
    out_.why = std::move(why);
    return Step::Done;
  }

  Step take_page(const std::string& body) {
    const std::optional<Json> page = parse_object(body);
    const auto total = page->find("totalResults");
    const auto resources = page->find("Resources");
    const bool has_list = resources != page->end() && resources->is_array();
    if (total != page->end() && total->is_number_integer()) {
      const auto now = total->get<std::int64_t>();
      if (total_ >= 0 && now != total_) {
        return Step::Changed;
      }
      total_ = now;
    } else if (!has_list) {
      return done("an answer is no SCIM list");
    }
    const std::int64_t before = seen();
    std::int64_t on_page = 0;
    if (has_list) {
      on_page = static_cast<std::int64_t>(resources->size());
      for (const Json& resource : *resources) {
        const std::string id = string_member(resource, "id");
        if (id.empty()) {
          return done("a resource in the list has no id");
        }
        if (ids_.insert(id).second) {
          out_.resources.push_back(resource.dump(-1, ' ', false, Json::error_handler_t::replace));
        }
      }
    }
    return after_page(on_page, seen() - before);
  }

  // The page after the last is asked for too: a server that reports the size of the page as the
  // total is found out, and one that ignores paging only repeats itself.
  Step after_page(std::int64_t on_page, std::int64_t fresh) {
    if (fresh == 0) {
      if (total_ < 0) {
        return done(on_page == 0 ? "" : "the server repeats its pages and gives no total");
      }
      if (reached_total()) {
        return done("");
      }
      const std::string counts = std::to_string(seen()) + " of " + std::to_string(total_);
      return done(on_page == 0 ? "the server gave an empty page after " + counts
                               : "the server repeats its pages after " + counts);
    }
    if (seen() > options_.max_resources) {
      return done("more than " + std::to_string(options_.max_resources) + " resources");
    }
    next_index_ += on_page;
    return Step::Next;
  }

  ScimClient& client_;
  const ListingOptions& options_;
  std::unordered_set<std::string> ids_;
  std::int64_t next_index_ = 1;  // 1-based
  std::int64_t total_ = -1;      // -1: the server gave none yet
};

}  // namespace

ListedCollection list_collection(ScimClient& client, const ListingOptions& options) {
  ListedCollection last;
  for (int attempt = 0; attempt < kMaxPasses; ++attempt) {
    Pass pass(client, options);
    const bool settled = pass.run();
    last = std::move(pass.out_);
    if (settled) {
      return last;
    }
  }
  last.complete = false;
  last.why = "the list kept changing while it was read";
  return last;
}

}  // namespace rescind::scim
