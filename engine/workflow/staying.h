// Who stays: asked again when a step runs that gives something to somebody, or takes a right that
// somebody must keep.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "model/inventory.h"
#include "model/plan.h"
#include "store/store.h"

namespace rescind {

// For ExecuteOptions::objection. Everybody with an open or scheduled leaver event counts as gone,
// whichever run works it: events stand in the store before the first step of their run, so of two
// runs that would each leave the other's subject in charge one is told. The store and the clock are
// borrowed.
std::function<Result<std::string>(const PlanStep&, const std::map<std::string, std::string>&)>
make_objection(Store& store, std::shared_ptr<const Inventory> inventory, const Clock& clock);

}  // namespace rescind
