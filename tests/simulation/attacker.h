// Whoever leaves, and the provisioners that do not know of it: between any two calls of the engine
// they do in the systems whatever these let them.
#pragma once

#include <functional>
#include <string>

#include "dice.h"
#include "drive.h"

namespace rescind::simulation {

class Attacker {
 public:
  // `tell` is called with one line for everything that worked.
  Attacker(Trace& trace, Dice& dice, std::function<void(const std::string&)> tell)
      : trace_(trace), dice_(dice), tell_(std::move(tell)) {}

  // One attempt at something, drawn from what there is.
  void act(const std::string& person);
  // A provisioner looks at whom it knows: whoever has an account in its system gets one elsewhere.
  void push();

 private:
  void reach(const std::string& person, const std::string& what, const std::string& item);
  void sign_in(const std::string& person);
  void mint(const std::string& person);
  void use_what_is_known(const std::string& person);
  void administer(const std::string& person);

  Trace& trace_;
  Dice& dice_;
  std::function<void(const std::string&)> tell_;
};

}  // namespace rescind::simulation
