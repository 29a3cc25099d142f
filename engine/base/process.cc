// A child in a process group of its own, so that giving up on it reaches what it started.
#include "base/process.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rescind {
namespace {

constexpr std::chrono::milliseconds kLookAgain{5};

Result<pid_t> start(std::vector<std::string> words) {
  if (words.size() == 1) {
    words = {"/bin/sh", "-c", words.front()};
  }
  if (words.empty()) {
    return fail(ErrorKind::NotFound, "no program is named");
  }
  std::vector<char*> arguments;
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  pid_t process = -1;
  const int error =
      ::posix_spawnp(&process, arguments[0], &actions, &attributes, arguments.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return fail(ErrorKind::NotFound,
                "`" + words.front() + "` cannot be started: " + std::strerror(error));
  }
  return process;
}

}  // namespace

Result<int> run_program(const std::vector<std::string>& command, Seconds at_most) {
  RESCIND_ASSIGN_OR_RETURN(const pid_t process, start(command));
  const auto give_up = std::chrono::steady_clock::now() + at_most;
  int status = 0;
  while (true) {
    const pid_t ended = ::waitpid(process, &status, WNOHANG);
    if (ended == process) {
      break;
    }
    if (ended < 0 && errno != EINTR) {
      return fail(ErrorKind::Io, std::string("it was lost: ") + std::strerror(errno));
    }
    if (std::chrono::steady_clock::now() >= give_up) {
      ::kill(-process, SIGKILL);
      while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
      }
      return fail(ErrorKind::Limit,
                  "it was still running after " + std::to_string(at_most.count()) + " s");
    }
    std::this_thread::sleep_for(kLookAgain);
  }
  if (!WIFEXITED(status)) {
    return fail(ErrorKind::Io, "it was ended by signal " + std::to_string(WTERMSIG(status)));
  }
  return WEXITSTATUS(status);
}

}  // namespace rescind
