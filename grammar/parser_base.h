// What the generated parser derives from: the runtime's parser, with cheaper forms of what runs for
// every rule and every token. The generated code finds these by their names, which are the
// runtime's; what they do is what the runtime does, but for what nobody here asks for (listeners,
// parsing without a tree).
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include <antlr4-runtime.h>

namespace rescind_grammar {

// Owns the nodes of the parser's tree and uses their memory again after each reset: a policy of
// 1,000 rules has some hundred thousand nodes, most of them with a list of one child.
class TreeMemory {
 public:
  TreeMemory() = default;
  TreeMemory(const TreeMemory&) = delete;
  TreeMemory& operator=(const TreeMemory&) = delete;
  TreeMemory(TreeMemory&&) = delete;
  TreeMemory& operator=(TreeMemory&&) = delete;

  ~TreeMemory() { reset(); }

  template <typename Node, typename... Arguments>
  Node* createInstance(Arguments&&... arguments) {
    static_assert(alignof(Node) <= kAlignment && sizeof(Node) <= kBlockBytes);
    Node* node = new (take(sizeof(Node))) Node(std::forward<Arguments>(arguments)...);
    nodes_.push_back(node);
    if constexpr (std::is_base_of_v<antlr4::ParserRuleContext, Node>) {
      if (!lists_.empty()) {
        node->children = std::move(lists_.back());
        lists_.pop_back();
      }
    }
    return node;
  }

  // Ends the life of all nodes.
  void reset() {
    for (antlr4::tree::ParseTree* node : nodes_) {
      if (node->children.capacity() > 0) {
        node->children.clear();
        lists_.push_back(std::move(node->children));
      }
      node->~ParseTree();
    }
    nodes_.clear();
    block_ = 0;
    used_ = 0;
  }

 private:
  static constexpr std::size_t kAlignment = alignof(std::max_align_t);
  static constexpr std::size_t kBlockBytes = 64 * 1024;

  void* take(std::size_t bytes) {
    bytes = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    if (used_ + bytes > kBlockBytes) {
      ++block_;
      used_ = 0;
    }
    if (block_ == blocks_.size()) {
      blocks_.push_back(std::make_unique_for_overwrite<Block>());
    }
    void* place = blocks_[block_]->bytes + used_;
    used_ += bytes;
    return place;
  }

  struct Block {
    alignas(kAlignment) std::byte bytes[kBlockBytes];
  };

  std::vector<std::unique_ptr<Block>> blocks_;
  std::size_t block_ = 0;  // the one in use
  std::size_t used_ = 0;   // bytes of it
  std::vector<antlr4::tree::ParseTree*> nodes_;
  std::vector<std::vector<antlr4::tree::ParseTree*>> lists_;  // empty ones with room
};

class ParserBase : public antlr4::Parser {
 public:
  using antlr4::Parser::Parser;

  [[nodiscard]] std::size_t getState() const final { return state_; }

  void setState(std::size_t state) { state_ = state; }

  antlr4::Token* consume() final {
    antlr4::Token* token = _input->LT(1);
    if (token->getType() != EOF) {
      _input->consume();
    }
    if (_errHandler->inErrorRecoveryMode(this)) {
      add_leaf(_tracker.createInstance<antlr4::tree::ErrorNodeImpl>(token));
    } else {
      add_leaf(_tracker.createInstance<antlr4::tree::TerminalNodeImpl>(token));
    }
    return token;
  }

  void enterRule(antlr4::ParserRuleContext* context, std::size_t state,
                 std::size_t /*rule*/) final {
    state_ = state;
    _ctx = context;
    context->start = _input->LT(1);
    if (context->parent != nullptr) {
      context->parent->children.push_back(context);
    }
  }

  void enterOuterAlt(antlr4::ParserRuleContext* context, std::size_t alternative) final {
    if (_ctx != context) {
      antlr4::Parser::enterOuterAlt(context, alternative);
    }
  }

  void exitRule() {
    _ctx->stop = _input->LT(_matchedEOF ? 1 : -1);
    state_ = _ctx->invokingState;
    // Whatever has children is a rule's node.
    _ctx = static_cast<antlr4::ParserRuleContext*>(_ctx->parent);
  }

  // Nodes that were given out before are gone afterwards.
  void forget_tree() { _tracker.reset(); }

 protected:
  // Calls a function when the block is left.
  template <typename Action>
  class AtEnd {
   public:
    explicit AtEnd(Action action) : action_(action) {}

    AtEnd(const AtEnd&) = delete;
    AtEnd& operator=(const AtEnd&) = delete;
    AtEnd(AtEnd&&) = delete;
    AtEnd& operator=(AtEnd&&) = delete;

    ~AtEnd() { action_(); }

   private:
    Action action_;
  };

  template <typename Action>
  static AtEnd<Action> finally(Action action) {
    return AtEnd<Action>(action);
  }

  TreeMemory _tracker;

 private:
  template <typename Leaf>
  void add_leaf(Leaf* leaf) {
    leaf->parent = _ctx;
    _ctx->children.push_back(leaf);
  }

  std::size_t state_ = INVALID_INDEX;
};

}  // namespace rescind_grammar
