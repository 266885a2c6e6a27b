#include "config/compare.h"

#include <variant>

#include "config/schema_sections.h"

namespace hawser::config {

namespace {

bool is_same(const Section& section, void* a, void* b);

// Compares one key of two objects by the type of its slot.
class SameValue {
 public:
  SameValue(const Key& key, void* a, void* b) : key_(key), a_(a), b_(b) {}

  bool operator()(std::monostate /*kept elsewhere*/) const { return true; }
  template <class T>
  bool operator()(Field<T> slot) const {
    return *slot(a_) == *slot(b_);
  }
  bool operator()(const EnumField& slot) const { return slot.get(a_) == slot.get(b_); }
  bool operator()(const ObjectField& slot) const { return is_same(*key_.section, slot.get(a_), slot.get(b_)); }
  bool operator()(const OptionalField& slot) const {
    void* a = slot.get(a_);
    void* b = slot.get(b_);
    if (a == nullptr || b == nullptr) return a == b;
    return is_same(*key_.section, a, b);
  }
  bool operator()(const ListField& slot) const {
    if (slot.size(a_) != slot.size(b_)) return false;
    for (std::size_t i = 0; i < slot.size(a_); ++i) {
      void* a = slot.at(a_, i);
      void* b = slot.at(b_, i);
      if (key_.name_of != nullptr && *key_.name_of(a) != *key_.name_of(b)) return false;
      if (!is_same(*key_.section, a, b)) return false;
    }
    return true;
  }

 private:
  const Key& key_;
  void* a_;
  void* b_;
};

bool is_same(const Section& section, void* a, void* b) {
  for (const Key& key : section.keys) {
    if (!std::visit(SameValue(key, a, b), key.slot)) return false;
  }
  return true;
}

}  // namespace

bool has_same_values(const Configuration& a, const Configuration& b) {
  Configuration left = a;  // the table's accessors lead to values that could be written
  Configuration right = b;
  return is_same(root_section(), &left, &right);
}

bool has_same_values(const HealthCheck& a, const HealthCheck& b) {
  HealthCheck left = a;
  HealthCheck right = b;
  return is_same(kHealthCheckSection, &left, &right);
}

}  // namespace hawser::config
