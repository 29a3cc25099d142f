// Law: the order of files, declarations and entries never changes a result.
#include <algorithm>
#include <random>

#include <doctest/doctest.h>

#include "tests/unit/check/policy_text.h"

namespace rescind::testing {
namespace {

const NamedTexts& program() {
  static const NamedTexts texts = {
      {"main.rescind",
       "module acme\n"
       "import lib.base with { oncall = \"night\"  window = 3d }\n"
       "import lib.more\n"
       "schema { systems { sf, google } teams { \"night\", records } }\n"
       "schema { identity { badge: string?  level: enum { low, high } = low } }\n"
       "schema { event moved about identity { to: string? } event outage about system { size: int "
       "} }\n"
       "define boss = \"night\"\n"
       "define stale(c: credential) = old(c.last_used ?? c.created ?? now)\n"
       "parameter own: int = 4\n"
       "role staff { when subject is human grants google license \"std\" }\n"
       "role sales includes staff { when subject.department == \"Sales\" grants sf role \"a\" }\n"
       "role lead includes sales { when subject.title like \"*Lead*\" grants sf role \"b\" }\n"
       "keep asked { entitlement where entitlement.source == request because \"asked\" }\n"
       "conflict sod { sf role \"x\", sf role \"y\" because \"12\" }\n"
       "rule a { on leaver, moved when subject.level == high revoke session notify boss }\n"
       "rule b { on outage when event.size > own disable credential as c where stale(c) }\n"
       "rule c { on moved, mover transfer data to subject.manager ?? records }\n"
       "hold h { when subject.legal_hold blocks delete of account, data until lifted }\n"
       "hold i { blocks wipe of device until 2027-01-01 ordered by boss }\n"
       "limit l { delete of account at most max(5%, 10) per 1d otherwise ask boss }\n"
       "derive leaver for identity as p where known p.vendor on moved\n"
       "derive leaver for identity as p where p is bot on moved\n"
       "derive exposed for credential as c where stale(c) on moved\n"},
      {"more.rescind",
       "module lib.more\nimport lib.base\n"
       "schema { identity { badge: string? } event moved about identity { to: string? } }\n"
       "rule m { on moved when event.to ?? \"\" != \"\" and old(event.at) revoke token }\n"},
      {"base.rescind",
       "module lib.base\nparameter oncall: string\nparameter window: duration = 1d\n"
       "define old(moment: instant) = moment < now - window\n"
       "rule base { on leaver escalate to oncall revoke session }\n"},
      {"second.rescind",
       "module acme\nrule d { on leaver revoke token }\ndefine extra = {\"x\"}\n"
       "rule e { on leaver when \"x\" in extra revoke token }\n"},
  };
  return texts;
}

TEST_CASE("check: files and declarations in any order give one policy") {
  const Checked straight = check_texts(program(), {});
  REQUIRE_MESSAGE(straight.policy, straight.messages());
  const std::string expected = print_checked(*straight.policy);
  for (unsigned seed = 0; seed < 100; ++seed) {
    std::mt19937 random(seed);
    NamedTexts texts = program();
    std::shuffle(texts.begin(), texts.end(), random);
    Checked shuffled;
    std::vector<ast::PolicyFile> files = parse_texts(texts, shuffled);
    for (ast::PolicyFile& file : files) {
      std::shuffle(file.declarations.begin(), file.declarations.end(), random);
      for (ast::Declaration& declaration : file.declarations) {
        if (auto* schema = std::get_if<ast::SchemaBlock>(&declaration.node)) {
          std::shuffle(schema->entries.begin(), schema->entries.end(), random);
        }
      }
    }
    std::shuffle(files.begin(), files.end(), random);
    shuffled.policy = check_policy(std::move(files), shuffled.sources, {}, shuffled.diagnostics);
    REQUIRE_MESSAGE(shuffled.policy, shuffled.messages());
    CHECK(print_checked(*shuffled.policy) == expected);
    CHECK(shuffled.policy->digest == straight.policy->digest);
  }
}

}  // namespace
}  // namespace rescind::testing
