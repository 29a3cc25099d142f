// The figures of a report as rows, in one order for all its forms. Internal to the folder.
#pragma once

#include <string>
#include <vector>

#include "report/report.h"

namespace rescind {

struct Figure {
  std::string name;   // "time_to_containment_p95"
  std::string unit;   // "seconds", "count", "percent"
  std::string label;  // for people
  double value = 0;
};

// Figures that are not there (a percentile of nothing) are left out.
std::vector<Figure> figures_of(const Report& report);
// "3 h 20 min", "45 s", "12 d 4 h".
std::string duration_words(Seconds duration);
// Without digits that say nothing: "97.5", "100".
std::string number_words(double value);

}  // namespace rescind
