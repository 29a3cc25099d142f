// The sandbox's file from outside: seeding it, scripting its failures, looking at what happened.
#include <mutex>
#include <utility>

#include "connectors/sandbox/sandbox.h"
#include "connectors/sandbox/sandbox_items.h"
#include "connectors/sandbox/sandbox_vault.h"

namespace rescind {
namespace {

using sandbox::Item;

class SandboxFile final : public SandboxWorld {
 public:
  explicit SandboxFile(SqliteDatabase file) : file_(std::move(file)) {}

  Result<std::uint64_t> seed(std::string_view jsonl) override {
    const std::lock_guard lock(mutex_);
    RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(file_));
    std::uint64_t added = 0;
    std::size_t number = 0;
    while (!jsonl.empty()) {
      ++number;
      const std::size_t end = jsonl.find('\n');
      const std::string_view line = jsonl.substr(0, end);
      jsonl = end == std::string_view::npos ? std::string_view{} : jsonl.substr(end + 1);
      if (line.find_first_not_of(" \t\r") == std::string_view::npos) {
        continue;
      }
      auto item = item_of_record(line);
      if (!item) {
        return tl::unexpected(
            item.error().add_context("seeding the sandbox, line " + std::to_string(number)));
      }
      if (!*item) {
        continue;
      }
      RESCIND_ASSIGN_OR_RETURN(auto there, sandbox::select_items(file_, "id = ?", {(*item)->id}));
      if (there.empty()) {
        RESCIND_RETURN_IF_ERROR(sandbox::save_item(file_, **item));
        ++added;
      }
    }
    RESCIND_RETURN_IF_ERROR(transaction.commit());
    return added;
  }

  Status add_fault(const SandboxFault& fault) override {
    const std::lock_guard lock(mutex_);
    RESCIND_ASSIGN_OR_RETURN(
        auto insert, file_.prepare("INSERT INTO faults (kind, system, call, item, value, times) "
                                   "VALUES (?,?,?,?,?,?)"));
    return insert.bind(std::int64_t{static_cast<std::uint8_t>(fault.kind)})
        .bind(fault.system)
        .bind(fault.call)
        .bind(fault.item)
        .bind(fault.value)
        .bind(fault.times)
        .run();
  }

  Status clear_faults() override {
    const std::lock_guard lock(mutex_);
    return file_.execute("DELETE FROM faults");
  }

  Result<std::string> sign_in(const std::string& account_id) override {
    const std::lock_guard lock(mutex_);
    RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(file_));
    RESCIND_ASSIGN_OR_RETURN(
        auto accounts, sandbox::select_items(file_, "id = ? AND kind = 'account'", {account_id}));
    if (accounts.empty() || !accounts.front().present || !accounts.front().enabled ||
        accounts.front().locked) {
      return fail(ErrorKind::Auth, "`" + account_id + "` cannot sign in");
    }
    RESCIND_ASSIGN_OR_RETURN(const std::int64_t count,
                             file_.query_int("SELECT count(*) FROM effects", 0));
    Item session;
    session.system = accounts.front().system;
    session.kind = Kind::Session;
    session.native_id = "minted-" + std::to_string(count + 1);
    session.id = session.system + ":" + session.native_id;
    session.account = account_id;
    session.holder = accounts.front().holder;
    session.record = "{}";
    RESCIND_RETURN_IF_ERROR(sandbox::save_item(file_, session));
    RESCIND_RETURN_IF_ERROR(sandbox::record_effect(file_, "", "minted", session.id));
    RESCIND_RETURN_IF_ERROR(transaction.commit());
    return session.id;
  }

  Result<bool> use_item(const std::string& item_id, const std::string& by, Instant at) override {
    const std::lock_guard lock(mutex_);
    RESCIND_ASSIGN_OR_RETURN(auto items, sandbox::select_items(file_, "id = ?", {item_id}));
    if (items.empty()) {
      return fail(ErrorKind::NotFound, "there is no `" + item_id + "`");
    }
    const bool works = items.front().present && items.front().enabled;
    RESCIND_RETURN_IF_ERROR(
        sandbox::note_use(file_, items.front(), by, works, at.time_since_epoch().count()));
    return works;
  }

  Status watch_use(const std::string& system, Instant since) override {
    const std::lock_guard lock(mutex_);
    RESCIND_ASSIGN_OR_RETURN(auto watch,
                             file_.prepare("INSERT OR REPLACE INTO watched VALUES (?,?)"));
    return watch.bind(system).bind(std::int64_t{since.time_since_epoch().count()}).run();
  }

  Result<std::string> read_secret(const std::string& system, const std::string& path) override {
    const std::lock_guard lock(mutex_);
    RESCIND_ASSIGN_OR_RETURN(
        auto read, file_.prepare("SELECT value FROM versions WHERE system = ? AND path = ? ORDER "
                                 "BY at DESC, rowid DESC LIMIT 1"));
    read.bind(system).bind(path);
    RESCIND_ASSIGN_OR_RETURN(const bool row, read.step());
    if (!row) {
      return fail(ErrorKind::NotFound, "nothing is at `" + path + "`");
    }
    return read.text(0);
  }

  Result<std::string> describe() override {
    const std::lock_guard lock(mutex_);
    RESCIND_ASSIGN_OR_RETURN(auto items, sandbox::select_items(file_, "1", {}));
    std::string text;
    for (const Item& item : items) {
      text += describe_item(item) + "\n";
    }
    return text;
  }

  Result<std::vector<SandboxEffect>> list_effects() override {
    const std::lock_guard lock(mutex_);
    RESCIND_ASSIGN_OR_RETURN(
        auto select, file_.prepare("SELECT marker, verb, item FROM effects ORDER BY sequence"));
    std::vector<SandboxEffect> effects;
    while (true) {
      RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
      if (!row) {
        return effects;
      }
      effects.push_back({select.text(0), select.text(1), select.text(2)});
    }
  }

 private:
  std::mutex mutex_;
  SqliteDatabase file_;
};

}  // namespace

Result<std::unique_ptr<SandboxWorld>> open_sandbox_world(const std::string& path) {
  RESCIND_ASSIGN_OR_RETURN(auto file, sandbox::open_file(path));
  return std::unique_ptr<SandboxWorld>(std::make_unique<SandboxFile>(std::move(file)));
}

}  // namespace rescind
