// Starts and stops the servers of tests/peers.
#include "peer.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rescind::test {
namespace {

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

// The inverse of the shell's printf %q for what these scripts print.
std::string unquoted(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      ++i;
    }
    out += text[i];
  }
  return out == "''" ? std::string() : out;
}

std::string fresh_directory(const std::string& name) {
  std::string path =
      (std::filesystem::temp_directory_path() / ("rescind-e2e-" + name + "-XXXXXX")).string();
  if (mkdtemp(path.data()) == nullptr) {
    give_up("cannot make a folder for " + name);
  }
  return path;
}

void exec_child(const std::vector<std::string>& arguments,
                const std::vector<std::string>& environment) {
  for (const std::string& entry : environment) {
    const std::size_t equals = entry.find('=');
    setenv(entry.substr(0, equals).c_str(), entry.substr(equals + 1).c_str(), 1);
  }
  std::vector<char*> argv;
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));  // NOLINT: exec does not write
  }
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  _exit(127);
}

}  // namespace

CommandResult run_command(const std::vector<std::string>& arguments,
                          const std::vector<std::string>& environment, std::string_view input) {
  // The input goes through a file, so that neither side waits for the other.
  std::FILE* in = std::tmpfile();
  std::array<int, 2> out{};
  if (in == nullptr || pipe(out.data()) != 0) {
    give_up("cannot make a pipe");
  }
  if (!input.empty()) {
    std::fwrite(input.data(), 1, input.size(), in);
  }
  std::rewind(in);
  const pid_t child = fork();
  if (child < 0) {
    give_up("cannot start " + arguments[0]);
  }
  if (child == 0) {
    dup2(fileno(in), 0);
    dup2(out[1], 1);
    dup2(out[1], 2);
    close(out[0]);
    close(out[1]);
    exec_child(arguments, environment);
  }
  std::fclose(in);
  close(out[1]);
  CommandResult result;
  std::array<char, 4096> buffer{};
  for (ssize_t n = 0; (n = read(out[0], buffer.data(), buffer.size())) > 0;) {
    result.output.append(buffer.data(), static_cast<std::size_t>(n));
  }
  close(out[0]);
  int status = 0;
  waitpid(child, &status, 0);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

Background::Background(const std::vector<std::string>& arguments,
                       const std::vector<std::string>& environment)
    : child_(fork()) {
  if (child_ < 0) {
    give_up("cannot start " + arguments[0]);
  }
  if (child_ == 0) {
    const int nowhere = open("/dev/null", O_RDWR);
    dup2(nowhere, 0);
    dup2(nowhere, 1);
    dup2(nowhere, 2);
    exec_child(arguments, environment);
  }
}

Background::~Background() {
  if (child_ > 0) {
    kill(child_, SIGKILL);
    wait();
  }
}

int Background::wait() {
  int status = 0;
  waitpid(child_, &status, 0);
  child_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Peer::Peer(const std::string& name, const std::string& seed, std::vector<std::string> options)
    : script_(std::string(RESCIND_SOURCE_DIR) + "/tests/peers/" + name + ".sh"),
      directory_(fresh_directory(name)) {
  options.insert(options.end(), {"--owner", std::to_string(getpid())});
  std::istringstream lines(run_script("start", seed, options));
  for (std::string line; std::getline(lines, line);) {
    if (const std::size_t equals = line.find('='); equals != std::string::npos) {
      values_[line.substr(0, equals)] = unquoted(line.substr(equals + 1));
    }
  }
}

std::string Peer::run_script(const std::string& verb, const std::string& seed,
                             const std::vector<std::string>& options) {
  std::vector<std::string> command{script_, verb, "--dir", directory_ + "/server"};
  if (!seed.empty()) {
    const std::string file = directory_ + "/seed";
    std::ofstream(file) << seed;
    command.insert(command.end(), {"--seed", file});
  }
  command.insert(command.end(), options.begin(), options.end());
  CommandResult done = run_command(command);
  if (done.status != 0) {
    give_up(script_ + " " + verb + " failed:\n" + done.output);
  }
  return std::move(done.output);
}

void Peer::reset(const std::string& seed) {
  run_script("reset", seed, {});
}

Peer::~Peer() {
  run_command({script_, "stop", "--dir", directory_ + "/server"});
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

const std::string& Peer::operator[](const std::string& key) const {
  const auto it = values_.find(key);
  if (it == values_.end()) {
    give_up("the server's script printed no " + key);
  }
  return it->second;
}

}  // namespace rescind::test
