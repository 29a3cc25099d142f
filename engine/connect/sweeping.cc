// What sweeps end.
#include "connect/sweeping.h"

namespace rescind {

std::optional<Verb> sweeping_verb(Kind kind) {
  switch (kind) {
  case Kind::Session:
  case Kind::Token:
  case Kind::Checkout:
    return Verb::Revoke;
  case Kind::Delegation:
    return Verb::Remove;
  case Kind::Account:
  case Kind::Password:
  case Kind::Secret:
  case Kind::ApiKey:
  case Kind::Certificate:
  case Kind::SshKey:
  case Kind::Group:
  case Kind::Role:
  case Kind::Permission:
  case Kind::Share:
  case Kind::License:
  case Kind::BreakGlass:
  case Kind::Device:
  case Kind::Data:
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace rescind
