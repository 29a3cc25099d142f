// Credentials in files: forms, and the write that leaves either the old content or the new one.
#include "connect/deliver_file.h"

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "base/process.h"
#include "base/text.h"

namespace rescind {
namespace {

constexpr std::size_t kMaxFileBytes = 1024UL * 1024;
constexpr unsigned kNewFileMode = 0600;
constexpr Seconds kReloadTime{60};

ActionResult answer_of(ResultClass result, std::string detail) {
  ActionResult answer;
  answer.result = result;
  answer.detail = std::move(detail);
  return answer;
}

std::string problem(const std::string& what, const std::string& path) {
  return "cannot " + what + " `" + path + "`: " + std::strerror(errno);
}

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}

  File(const File&) = delete;
  File& operator=(const File&) = delete;

  ~File() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }

  [[nodiscard]] int get() const { return descriptor_; }

  [[nodiscard]] bool open() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

// --- forms

bool is_plain(std::string_view text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+=,";
  return !text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos;
}

std::string quoted_for_env(std::string_view value) {
  if (is_plain(value)) {
    return std::string(value);
  }
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

// The name that a line of an environment file sets; "" for comments and the rest.
std::string_view env_name(std::string_view line) {
  std::size_t at = line.find_first_not_of(" \t");
  if (at == std::string_view::npos || line[at] == '#') {
    return {};
  }
  constexpr std::string_view kExport = "export ";
  if (line.substr(at).starts_with(kExport)) {
    at += kExport.size();
  }
  const std::size_t end = line.find('=', at);
  return end == std::string_view::npos ? std::string_view{} : line.substr(at, end - at);
}

// The lines of a text, and whether the last one was ended.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return lines;
}

std::string with_env(std::string_view before, const std::string& name, std::string_view value) {
  std::string out;
  bool there = false;
  for (const std::string_view line : lines_of(before)) {
    if (env_name(line) != name) {
      out.append(line).append("\n");
    } else if (!there) {
      out.append(line.substr(0, line.find('=') + 1)).append(quoted_for_env(value)).append("\n");
      there = true;
    }
  }
  if (!there) {
    out.append(name).append("=").append(quoted_for_env(value)).append("\n");
  }
  return out;
}

std::string escaped_for_pgpass(std::string_view field) {
  std::string out;
  for (const char c : field) {
    if (c == ':' || c == '\\') {
      out += '\\';
    }
    out += c;
  }
  return out;
}

// The five fields of a line, escapes left in; nothing for comments and the rest.
std::optional<std::vector<std::string>> pgpass_fields(std::string_view line) {
  if (line.empty() || line.front() == '#') {
    return std::nullopt;
  }
  std::vector<std::string> fields(1);
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size()) {
      fields.back().append(line.substr(i, 2));
      ++i;
    } else if (line[i] == ':' && fields.size() < 5) {
      fields.emplace_back();
    } else {
      fields.back() += line[i];
    }
  }
  return fields.size() == 5 ? std::optional(std::move(fields)) : std::nullopt;
}

// Lines of the successor's role are replaced by ones for the same places as the old role's.
std::string with_pgpass(std::string_view before, const DeliveryRequest& request,
                        const Secret& secret) {
  const std::string login = escaped_for_pgpass(request.login);
  const std::string old_login = escaped_for_pgpass(request.old_login);
  std::string value = escaped_for_pgpass(secret.reveal());
  std::string added;
  std::string rest;
  for (const std::string_view line : lines_of(before)) {
    const auto fields = pgpass_fields(line);
    if (!fields || (*fields)[3] != login) {
      rest.append(line).append("\n");
    }
    if (fields && (*fields)[3] == old_login) {
      added +=
          (*fields)[0] + ":" + (*fields)[1] + ":" + (*fields)[2] + ":" + login + ":" + value + "\n";
    }
  }
  if (added.empty()) {
    added = "*:*:*:" + login + ":" + value + "\n";
  }
  wipe_text(value);
  added += rest;
  wipe_text(rest);
  return added;
}

Result<std::string> with_json(std::string_view before, const DeliveryRequest& request,
                              const Secret& secret) {
  using Json = nlohmann::ordered_json;
  Json object = before.find_first_not_of(" \t\r\n") == std::string_view::npos
                    ? Json::object()
                    : Json::parse(before, nullptr, false);
  if (!object.is_object()) {
    return fail(
        ErrorKind::Unsupported,
        "`" + request.target.path + "` is to hold one JSON object and holds something else");
  }
  if (first_invalid_utf8(secret.reveal())) {
    return fail(ErrorKind::Unsupported, "the value is no text: JSON cannot hold it");
  }
  if (!request.login.empty()) {
    object[request.target.user_key] = request.login;
  }
  object[request.target.value_key] = std::string(secret.reveal());
  return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<std::string> rendered(const DeliveryRequest& request, const Secret& secret,
                             std::string_view before) {
  const DeliveryTarget& target = request.target;
  switch (target.format) {
  case DeliveryFormat::Value:
    if (request.login != request.old_login) {
      return fail(ErrorKind::Unsupported,
                  "the successor goes by the name `" + request.login +
                      "`, which a file with the value alone cannot tell; use format env or json");
    }
    return std::string(secret.reveal()) + "\n";
  case DeliveryFormat::Pgpass:
    return with_pgpass(before, request, secret);
  case DeliveryFormat::Env: {
    std::string named = request.login.empty() ? std::string(before)
                                              : with_env(before, target.user_key, request.login);
    std::string out = with_env(named, target.value_key, secret.reveal());
    wipe_text(named);
    return out;
  }
  case DeliveryFormat::Json:
    return with_json(before, request, secret);
  }
  return fail(ErrorKind::Unsupported, "an unknown format");
}

// --- the file

// What is there now. `facts` is empty when there is no file.
struct FileNow {
  std::optional<struct stat> facts;
  Secret content;
};

Result<FileNow> read_now(const std::string& path) {
  FileNow now;
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.open()) {
    if (errno == ENOENT) {
      return now;
    }
    if (errno == ELOOP) {
      return fail(ErrorKind::Unsupported,
                  "`" + path + "` is a symbolic link; name the file that it points at");
    }
    return fail(ErrorKind::Io, problem("read", path));
  }

  struct stat facts {};

  if (::fstat(file.get(), &facts) != 0) {
    return fail(ErrorKind::Io, problem("read", path));
  }
  if (!S_ISREG(facts.st_mode)) {
    return fail(ErrorKind::Unsupported, "`" + path + "` is no file");
  }
  if (static_cast<std::size_t>(facts.st_size) > kMaxFileBytes) {
    return fail(ErrorKind::Limit, "`" + path + "` is too large to hold a credential");
  }
  std::string text(static_cast<std::size_t>(facts.st_size), '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t taken = ::read(file.get(), text.data() + have, text.size() - have);
    if (taken < 0 && errno != EINTR) {
      wipe_text(text);
      return fail(ErrorKind::Io, problem("read", path));
    }
    if (taken == 0) {
      break;
    }
    have += taken > 0 ? static_cast<std::size_t>(taken) : 0;
  }
  text.resize(have);
  now.content = Secret::take(text);
  now.facts = facts;
  return now;
}

Status write_whole(int file, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR) {
      return fail(ErrorKind::Io, problem("write", path));
    }
    text.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
  }
  return ::fsync(file) == 0 ? Status() : fail(ErrorKind::Io, problem("write", path));
}

// Owner and mode of the file that is replaced, without anything for others.
Status dress(int file, const FileNow& now, const DeliveryTarget& target) {
  unsigned mode = target.mode.value_or(kNewFileMode);
  if (now.facts) {
    mode = target.mode.value_or(now.facts->st_mode & 07777U);
    const bool other_owner = now.facts->st_uid != ::geteuid() || now.facts->st_gid != ::getegid();
    if (other_owner && ::fchown(file, now.facts->st_uid, now.facts->st_gid) != 0) {
      return fail(ErrorKind::Io, problem("give the new file its owner:", target.path));
    }
  }
  mode &= ~static_cast<unsigned>(S_IRWXO);
  return ::fchmod(file, mode) == 0 ? Status()
                                   : fail(ErrorKind::Io, problem("set the mode of", target.path));
}

Status sync_folder(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const File opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return opened.open() && ::fsync(opened.get()) == 0
             ? Status()
             : fail(ErrorKind::Io, problem("make durable the folder of", path));
}

Status replace_file(const DeliveryTarget& target, const FileNow& now, const Secret& content) {
  const std::string& path = target.path;
  const std::size_t name = path.rfind('/') + 1;  // npos + 1 is 0
  const std::string draft =
      path.substr(0, name) + "." + path.substr(name) + ".rescind-" + std::to_string(::getpid());
  ::unlink(draft.c_str());  // of an earlier process with this number
  Status done;
  {
    const File file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                           S_IRUSR | S_IWUSR));
    if (!file.open()) {
      return fail(ErrorKind::Io, problem("create a file beside", path));
    }
    done = write_whole(file.get(), content.reveal(), path);
    if (done) {
      done = dress(file.get(), now, target);
    }
  }
  if (done && ::rename(draft.c_str(), path.c_str()) != 0) {
    done = fail(ErrorKind::Io, problem("replace", path));
  }
  if (!done) {
    ::unlink(draft.c_str());
    return done;
  }
  return sync_folder(path);
}

ActionResult refusal(const Error& error) {
  const bool for_person = error.kind() == ErrorKind::Unsupported;
  return answer_of(for_person ? ResultClass::NeedsHuman : ResultClass::Failed, error.to_string());
}

}  // namespace

Result<Secret> render_credential(const DeliveryRequest& request, const Secret& secret,
                                 std::string_view before) {
  RESCIND_ASSIGN_OR_RETURN(std::string text, rendered(request, secret, before));
  return Secret::take(text);
}

ActionResult deliver_to_file(const DeliveryRequest& request, const Secret& secret) {
  const DeliveryTarget& target = request.target;
  const Result<FileNow> now = read_now(target.path);
  if (!now) {
    return refusal(now.error());
  }
  const Result<Secret> content = render_credential(request, secret, now->content.reveal());
  if (!content) {
    return refusal(content.error());
  }
  if (now->facts && now->content.reveal() == content->reveal()) {
    return answer_of(ResultClass::AlreadyDone, "`" + target.path + "` holds it already");
  }
  ActionResult answer;
  answer.requests.push_back("write " + target.path + " (value redacted)");
  if (const Status written = replace_file(target, *now, *content); !written) {
    answer.result = ResultClass::Failed;
    answer.detail = written.error().to_string();
    return answer;
  }
  answer.result = ResultClass::Changed;
  answer.detail = "`" + target.path + "` is written";
  if (!target.reload.empty()) {
    answer.requests.push_back("run the reload program");
    const Result<int> status = run_program(target.reload, kReloadTime);
    if (!status || *status != 0) {
      // The file stands; whether the dependent takes it up is seen when the delivery is confirmed.
      answer.detail += ", but the reload program failed: " +
                       (status ? "status " + std::to_string(*status) : status.error().message());
    }
  }
  return answer;
}

ProbeResult probe_file(const DeliveryRequest& request, const Secret& secret) {
  const Result<FileNow> now = read_now(request.target.path);
  if (!now) {
    return {ProbeAnswer::Unknown, now.error().to_string(), std::nullopt};
  }
  if (!now->facts) {
    return {ProbeAnswer::NotDone, "`" + request.target.path + "` is not there", std::nullopt};
  }
  const Result<Secret> wanted = render_credential(request, secret, now->content.reveal());
  if (!wanted) {
    return {ProbeAnswer::Unknown, wanted.error().to_string(), std::nullopt};
  }
  const bool holds = wanted->reveal() == now->content.reveal();
  return {holds ? ProbeAnswer::Done : ProbeAnswer::NotDone,
          "`" + request.target.path + (holds ? "` holds it" : "` holds something else"),
          std::nullopt};
}

}  // namespace rescind
