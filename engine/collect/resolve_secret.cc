// Fetches secrets from where the configuration says they are. What was read never reaches a
// message.
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "collect/read_configuration.h"

namespace rescind {
namespace {

constexpr std::size_t kMaxSecretBytes = 1024UL * 1024;

void trim_line_end(std::string& text) {
  if (text.ends_with('\n')) {
    text.pop_back();
    if (text.ends_with('\r')) {
      text.pop_back();
    }
  }
}

// Words of a line, when nothing in it asks for a shell.
std::optional<std::vector<std::string>> plain_words(const std::string& line) {
  if (line.find_first_of("|&;<>()$`\\\"'*?[]#~=%!{}\n") != std::string::npos) {
    return std::nullopt;
  }
  std::vector<std::string> words;
  for (std::size_t at = 0; (at = line.find_first_not_of(" \t", at)) != std::string::npos;) {
    const std::size_t end = std::min(line.find_first_of(" \t", at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

std::vector<std::string> command_of(const SecretSource& source) {
  if (source.command.size() != 1) {
    return source.command;
  }
  const std::optional<std::vector<std::string>> words = plain_words(source.command.front());
  if (words && !words->empty()) {
    return *words;
  }
  return {"/bin/sh", "-c", source.command.front()};
}

Result<std::string> read_pipe(int descriptor) {
  std::string out;
  char chunk[4096];
  while (true) {
    const ssize_t taken = ::read(descriptor, chunk, sizeof chunk);
    if (taken == 0) {
      return out;
    }
    if (taken < 0 && errno != EINTR) {
      return fail(ErrorKind::Io, std::strerror(errno));
    }
    out.append(chunk, taken > 0 ? static_cast<std::size_t>(taken) : 0);
    if (out.size() > kMaxSecretBytes) {
      return fail(ErrorKind::Limit, "its output is too long for a secret");
    }
  }
}

// Starts the program with its output on a pipe; gives the reading end and the process.
struct Child {
  pid_t process = -1;
  int output = -1;
};

Result<Child> start(const std::vector<std::string>& command, const std::string& directory) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return fail(ErrorKind::Io, std::strerror(errno));
  }
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (!directory.empty()) {
    ::posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
  }
  Child child;
  const int error =
      ::posix_spawnp(&child.process, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (error != 0) {
    ::close(ends[0]);
    return fail(ErrorKind::NotFound, std::strerror(error));
  }
  child.output = ends[0];
  return child;
}

Result<std::string> run_command(const SecretSource& source, const std::string& directory) {
  RESCIND_ASSIGN_OR_RETURN(const Child child, start(command_of(source), directory));
  Result<std::string> output = read_pipe(child.output);
  ::close(child.output);
  int status = 0;
  while (::waitpid(child.process, &status, 0) < 0 && errno == EINTR) {
  }
  if (output && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) {
    return fail(ErrorKind::Io, "it ended with status " +
                                   std::to_string(WIFEXITED(status) ? WEXITSTATUS(status) : -1));
  }
  return output;
}

Result<std::string> fetch(const SecretSource& source, const std::string& directory) {
  switch (source.from) {
  case SecretSource::From::Environment: {
    const char* value = std::getenv(source.name.c_str());
    if (value == nullptr) {
      return fail(ErrorKind::NotFound, "it is not set");
    }
    return std::string(value);
  }
  case SecretSource::From::File: {
    const std::filesystem::path path(source.name);
    return read_file(path.is_absolute() || directory.empty()
                         ? source.name
                         : (std::filesystem::path(directory) / path).string(),
                     kMaxSecretBytes);
  }
  case SecretSource::From::Command:
    return run_command(source, directory);
  }
  return std::string{};
}

}  // namespace

std::string describe_secret(const SecretSource& source) {
  switch (source.from) {
  case SecretSource::From::Environment:
    return "environment variable " + source.name;
  case SecretSource::From::File:
    return "file " + source.name;
  case SecretSource::From::Command:
    return "command `" + command_of(source).front() + "`";
  }
  return {};
}

Result<std::string> resolve_secret(const SecretSource& source, const std::string& directory) {
  Result<std::string> secret = fetch(source, directory);
  if (!secret) {
    return tl::unexpected(
        std::move(secret.error().add_context("secret from " + describe_secret(source))));
  }
  if (source.from != SecretSource::From::Environment) {
    trim_line_end(*secret);
  }
  if (secret->empty()) {
    return fail(ErrorKind::NotFound, "the secret from " + describe_secret(source) + " is empty");
  }
  return secret;
}

Result<std::string> resolve_value(const ConfiguredValue& value, const std::string& directory) {
  if (const auto* secret = std::get_if<SecretSource>(&value.value)) {
    return resolve_secret(*secret, directory);
  }
  return std::get<std::string>(value.value);
}

}  // namespace rescind
