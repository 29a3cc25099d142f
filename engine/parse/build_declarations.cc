// Declarations of the syntax tree but rules, holds, limits and retires. What the grammar accepts in
// any order or number is held here to "each at most once".
#include <utility>

#include "RescindLexer.h"
#include "base/check.h"
#include "parse/tree_builder.h"

namespace rescind::parse {
namespace {

using Lexer = rescind_grammar::RescindLexer;

}  // namespace

void TreeBuilder::add_module(Parser::ModuleHeaderContext* context) {
  if (!usable(context)) {
    return;
  }
  file_.module_doc = doc_of(context);
  file_.module = qualified_name(context->qualifiedName());
}

void TreeBuilder::add(Parser::DeclarationContext* context) {
  if (++declaration_count_ == options_.max_declarations + 1) {
    diagnostics_
        .error(Code::R0107, span_of(context->start),
               "this file has more than the " + std::to_string(options_.max_declarations) +
                   " declarations that are allowed")
        .help.emplace_back("split the policy into several files");
  }
  if (declaration_count_ <= options_.max_declarations && usable(context)) {
    file_.declarations.push_back(declaration(context));
  }
}

ast::PolicyFile TreeBuilder::finish(bool clean) {
  file_.file = list_.file;
  if (clean) {
    report_unused_docs();
  }
  return std::move(file_);
}

ast::QualifiedName TreeBuilder::qualified_name(Parser::QualifiedNameContext* context) {
  ast::QualifiedName result;
  result.span = span_of(context);
  for (std::size_t i = 0; i < context->children.size(); i += 2) {
    result.parts.push_back(name(static_cast<antlr4::ParserRuleContext*>(context->children[i])));
  }
  return result;
}

ast::Declaration TreeBuilder::declaration(Parser::DeclarationContext* context) {
  ast::Declaration result;
  result.doc = doc_of(context);
  result.span = span_of(context);
  auto* child = static_cast<antlr4::ParserRuleContext*>(context->children[0]);
  switch (child->getRuleIndex()) {
  case Parser::RuleImportDecl:
    result.node = import_decl(static_cast<Parser::ImportDeclContext*>(child));
    break;
  case Parser::RuleSchemaDecl:
    result.node = schema(static_cast<Parser::SchemaDeclContext*>(child));
    break;
  case Parser::RuleParameterDecl:
    result.node = parameter(static_cast<Parser::ParameterDeclContext*>(child));
    break;
  case Parser::RuleDefineDecl:
    result.node = define(static_cast<Parser::DefineDeclContext*>(child));
    break;
  case Parser::RuleDeriveDecl:
    result.node = derive(static_cast<Parser::DeriveDeclContext*>(child));
    break;
  case Parser::RuleRoleDecl:
    result.node = role(static_cast<Parser::RoleDeclContext*>(child));
    break;
  case Parser::RuleKeepDecl:
    result.node = keep(static_cast<Parser::KeepDeclContext*>(child));
    break;
  case Parser::RuleConflictDecl:
    result.node = conflict(static_cast<Parser::ConflictDeclContext*>(child));
    break;
  case Parser::RuleRuleDecl:
    result.node = rule(static_cast<Parser::RuleDeclContext*>(child));
    break;
  case Parser::RuleHoldDecl:
    result.node = hold(static_cast<Parser::HoldDeclContext*>(child));
    break;
  case Parser::RuleLimitDecl:
    result.node = limit(static_cast<Parser::LimitDeclContext*>(child));
    break;
  case Parser::RuleRetireDecl:
    result.node = retire(static_cast<Parser::RetireDeclContext*>(child));
    break;
  case Parser::RuleLaterDecl:
    result.node = not_yet(static_cast<Parser::LaterDeclContext*>(child));
    break;
  default:
    RESCIND_CHECK(false, "a declaration that the builder does not know");
  }
  return result;
}

// ---- Leaves shared by declarations --------------------------------------------------------------

ast::Name TreeBuilder::name_or_string(Parser::NameOrStringContext* context) {
  const antlr4::Token* token = context->start;
  if (token->getType() != Lexer::STRING) {
    return name(token);
  }
  ast::Text value = text(token);
  return {std::move(value.value), value.span};
}

std::vector<ast::Name> TreeBuilder::names(Parser::NameListContext* context) {
  std::vector<ast::Name> result;
  for (std::size_t i = 0; i < context->children.size(); i += 2) {
    result.push_back(name(static_cast<Parser::NameContext*>(context->children[i])));
  }
  return result;
}

std::vector<ast::Name> TreeBuilder::verbs(Parser::VerbsContext* context) {
  std::vector<ast::Name> result;
  for (antlr4::tree::TerminalNode* verb : context->IDENT()) {
    result.push_back(name(token_of(verb)));
  }
  return result;
}

ast::Doc TreeBuilder::doc_of(const antlr4::ParserRuleContext* context) {
  const std::uint32_t doc = list_.infos[context->start->getTokenIndex()].doc;
  if (doc == kNoIndex) {
    return {};
  }
  list_.docs[doc].used = true;
  return list_.docs[doc].doc;
}

void TreeBuilder::report_unused_docs() {
  for (const DocComment& comment : list_.docs) {
    if (!comment.used) {
      diagnostics_.warning(Code::R0128, comment.doc.span, "this doc comment documents nothing")
          .help.emplace_back(
              "`///` stands before a declaration, a clause, a stage or an attribute; write "
              "`//` for other comments");
    }
  }
}

bool TreeBuilder::once(std::optional<Span>& first, const antlr4::Token* word) {
  if (!first) {
    first = span_of(word);
    return true;
  }
  diagnostics_
      .error(Code::R0127, span_of(word),
             "`" + std::string(text_of(word)) + "` may stand only once here")
      .labels.push_back({*first, "first said here"});
  return false;
}

// ---- Modules, schema, parameters, defines -------------------------------------------------------

ast::Import TreeBuilder::import_decl(Parser::ImportDeclContext* context) {
  ast::Import result;
  result.module = qualified_name(context->qualifiedName());
  if (auto* arguments = context->importArguments()) {
    for (Parser::ImportArgumentContext* argument : arguments->importArgument()) {
      if (usable(argument)) {
        result.arguments.push_back({name(argument->key), literal(argument->value)});
      }
    }
  }
  return result;
}

ast::SchemaBlock TreeBuilder::schema(Parser::SchemaDeclContext* context) {
  ast::SchemaBlock result;
  for (Parser::SchemaEntryContext* entry : context->schemaBody()->schemaEntry()) {
    if (usable(entry)) {
      result.entries.push_back(schema_entry(entry));
    }
  }
  return result;
}

ast::SchemaBlock::Entry TreeBuilder::schema_entry(Parser::SchemaEntryContext* context) {
  ast::SchemaBlock::Entry result;
  result.span = span_of(context);
  if (auto* block = context->nameBlock()) {
    std::vector<ast::Name> list;
    for (Parser::NameOrStringContext* item : block->nameOrString()) {
      list.push_back(name_or_string(item));
    }
    if (context->start->getType() == Lexer::SYSTEMS) {
      result.node = ast::SchemaBlock::Systems{std::move(list)};
    } else {
      result.node = ast::SchemaBlock::Teams{std::move(list)};
    }
    return result;
  }
  if (context->eventName != nullptr) {
    ast::SchemaBlock::Event event;
    event.doc = doc_of(context);
    event.name = name(context->eventName);
    event.about = name(context->about);
    if (auto* block = context->attributeBlock()) {
      event.attributes = attributes(block);
    }
    result.node = std::move(event);
    return result;
  }
  result.node =
      ast::SchemaBlock::Entity{name(context->entity), attributes(context->attributeBlock())};
  return result;
}

std::vector<ast::AttributeDecl> TreeBuilder::attributes(Parser::AttributeBlockContext* context) {
  std::vector<ast::AttributeDecl> result;
  for (Parser::AttributeContext* attribute : context->attributes()->attribute()) {
    if (!usable(attribute)) {
      continue;
    }
    ast::AttributeDecl built;
    built.doc = doc_of(attribute);
    built.name = name(attribute->key);
    built.type = type(attribute->type);
    built.default_value = attribute->value == nullptr ? nullptr : literal(attribute->value);
    built.span = span_of(attribute);
    result.push_back(std::move(built));
  }
  return result;
}

ast::TypeExpr TreeBuilder::type(Parser::TypeExprContext* context) {
  ast::TypeExpr result;
  result.name = name(context->base);
  result.span = span_of(context);
  result.optional = context->QUESTION() != nullptr;
  result.enum_values = enum_values(context->enumValues(), result.name);
  const bool is_set = result.name.text == "set";
  if ((context->element != nullptr) != is_set) {
    diagnostics_
        .error(Code::R0130, result.span,
               is_set ? "a set needs the type of its elements"
                      : "`" + result.name.text + "` takes no type in `<…>`")
        .help.emplace_back(is_set ? "write for example `set<string>`" : "only `set<…>` does");
  }
  if (context->element != nullptr) {
    result.element = std::make_unique<ast::TypeExpr>(simple_type(context->element));
  }
  return result;
}

ast::TypeExpr TreeBuilder::simple_type(Parser::SimpleTypeContext* context) {
  ast::TypeExpr result;
  result.name = name(context->base);
  result.span = span_of(context);
  result.optional = context->QUESTION() != nullptr;
  result.enum_values = enum_values(context->enumValues(), result.name);
  return result;
}

std::vector<ast::Name> TreeBuilder::enum_values(Parser::EnumValuesContext* context,
                                                const ast::Name& base) {
  const bool is_enum = base.text == "enum";
  if ((context != nullptr) != is_enum) {
    diagnostics_
        .error(
            Code::R0130, base.span,
            is_enum ? "an enum needs its values" : "`" + base.text + "` takes no values in `{…}`")
        .help.emplace_back(is_enum ? "write for example `enum { low, high }`"
                                   : "only `enum {…}` does");
  }
  std::vector<ast::Name> values;
  if (context != nullptr) {
    for (Parser::NameContext* value : context->name()) {
      values.push_back(name(value));
    }
  }
  return values;
}

ast::Parameter TreeBuilder::parameter(Parser::ParameterDeclContext* context) {
  return {name(context->key), type(context->type),
          context->value == nullptr ? nullptr : literal(context->value)};
}

ast::Define TreeBuilder::define(Parser::DefineDeclContext* context) {
  ast::Define result;
  result.name = name(context->key);
  for (Parser::FormalContext* formal : context->formal()) {
    result.formals.push_back({name(formal->key), type(formal->type)});
  }
  result.body = expression(context->body);
  return result;
}

ast::Derive TreeBuilder::derive(Parser::DeriveDeclContext* context) {
  ast::Derive result;
  result.event = name(context->event);
  result.entity = name(context->entity);
  if (auto* alias = context->alias()) {
    result.alias = name(alias);
  }
  result.where = context->where == nullptr ? nullptr : expression(context->where);
  result.on = names(context->nameList());
  return result;
}

// ---- Roles --------------------------------------------------------------------------------------

ast::Role TreeBuilder::role(Parser::RoleDeclContext* context) {
  ast::Role result;
  result.name = name(context->key);
  for (Parser::AnyWordContext* word : context->anyWord()) {
    if (word != context->key) {
      result.includes.push_back(name(word));
    }
  }
  std::optional<Span> when;
  for (Parser::RoleItemContext* item : context->roleBody()->roleItem()) {
    if (!usable(item)) {
      continue;
    }
    if (item->expr() == nullptr) {
      result.grants.push_back(grant(item));
    } else if (once(when, item->start)) {
      result.when = expression(item->expr());
    }
  }
  return result;
}

ast::Grant TreeBuilder::grant(Parser::RoleItemContext* context) {
  ast::Grant result;
  result.system = name_or_string(context->system);
  result.span = span_of(context);
  for (Parser::GrantedRightContext* granted : context->grantedRight()) {
    result.rights.push_back(right(granted));
  }
  return result;
}

ast::Grant::Right TreeBuilder::right(Parser::GrantedRightContext* context) {
  return {name(context->kind), text(context->value)};
}

ast::Keep TreeBuilder::keep(Parser::KeepDeclContext* context) {
  ast::Keep result;
  result.name = name(context->key);
  std::optional<Span> because;
  for (Parser::KeepItemContext* item : context->keepBody()->keepItem()) {
    if (!usable(item)) {
      continue;
    }
    if (auto* selected = item->selection()) {
      result.selections.push_back(selection(selected));
    } else if (once(because, item->start)) {
      result.because = text(token_of(item->STRING()));
    }
  }
  return result;
}

ast::Conflict TreeBuilder::conflict(Parser::ConflictDeclContext* context) {
  ast::Conflict result;
  result.name = name(context->key);
  for (Parser::ConflictPartContext* part : context->conflictPart()) {
    ast::Grant grant;
    grant.system = name_or_string(part->system);
    grant.rights.push_back(right(part->grantedRight()));
    grant.span = span_of(part);
    result.parts.push_back(std::move(grant));
  }
  if (context->STRING() != nullptr) {
    result.because = text(token_of(context->STRING()));
  }
  return result;
}

ast::NotYet TreeBuilder::not_yet(Parser::LaterDeclContext* context) {
  const Span span = span_of(context);
  return {name(context->keyword),
          std::string(list_.text.substr(span.begin, span.end - span.begin))};
}

}  // namespace rescind::parse
