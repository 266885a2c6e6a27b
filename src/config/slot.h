// Where the value of a key lives inside the configuration's plain values: typed accessors behind untyped object
// pointers, so that one table can describe every section. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "config/config.h"

namespace hawser::config {

template <class T>
using Field = T* (*)(void* object);

// An enum whose enumerators stand in the order of the key's words.
struct EnumField {
  std::size_t (*get)(const void* object) = nullptr;
  void (*set)(void* object, std::size_t index) = nullptr;
};

// A section that is always there: the object that its keys are stored in.
struct ObjectField {
  void* (*get)(void* object) = nullptr;
};

// A section that may be absent.
struct OptionalField {
  void* (*get)(void* object) = nullptr;  // null when absent
  void* (*create)(void* object) = nullptr;
  void (*remove)(void* object) = nullptr;
};

struct ListField {
  std::size_t (*size)(const void* object) = nullptr;
  void* (*at)(void* object, std::size_t index) = nullptr;
  void* (*append)(void* object) = nullptr;  // valid until the next append
};

using TextList = std::vector<std::string>;
using StatusRanges = std::vector<StatusRange>;

// monostate: the key is checked but its value is kept elsewhere.
using Slot = std::variant<std::monostate, Field<std::string>, Field<std::uint16_t>, Field<std::uint32_t>, Field<bool>,
                          Field<double>, Field<Duration>, Field<ByteSize>, Field<OptionalCount>, Field<OptionalRatio>,
                          Field<OptionalDuration>, Field<OptionalSize>, Field<StatusRanges>, Field<NameValues>,
                          Field<TextList>, EnumField, ObjectField, OptionalField, ListField>;

template <class Class, class Member>
Class owner_of(Member Class::*);
template <class Class, class Member>
Member type_of(Member Class::*);

template <auto kMember>
struct Access {
  using Owner = decltype(owner_of(kMember));
  using Type = decltype(type_of(kMember));

  static Type* get(void* object) { return &(static_cast<Owner*>(object)->*kMember); }
  static const Type& read(const void* object) { return static_cast<const Owner*>(object)->*kMember; }
};

template <auto kMember>
constexpr Slot field() {
  using A = Access<kMember>;
  if constexpr (std::is_enum_v<typename A::Type>) {
    return EnumField{[](const void* object) { return static_cast<std::size_t>(A::read(object)); },
                     [](void* object, std::size_t index) { *A::get(object) = static_cast<typename A::Type>(index); }};
  } else {
    return Field<typename A::Type>{&A::get};
  }
}

// A member of a member.
template <auto kOuter, auto kInner>
constexpr Slot nested() {
  using Inner = typename Access<kInner>::Type;
  return Field<Inner>{[](void* object) { return Access<kInner>::get(Access<kOuter>::get(object)); }};
}

template <auto kMember>
constexpr Slot object() {
  return ObjectField{[](void* parent) -> void* { return Access<kMember>::get(parent); }};
}

// A section of the file whose keys are stored in the object around it.
constexpr Slot same_object() {
  return ObjectField{[](void* parent) { return parent; }};
}

template <auto kMember>
constexpr Slot optional_object() {
  using A = Access<kMember>;
  return OptionalField{[](void* parent) -> void* { return *A::get(parent) ? &**A::get(parent) : nullptr; },
                       [](void* parent) -> void* { return &A::get(parent)->emplace(); },
                       [](void* parent) { A::get(parent)->reset(); }};
}

template <auto kMember>
constexpr Slot list() {
  using A = Access<kMember>;
  return ListField{[](const void* parent) { return A::read(parent).size(); },
                   [](void* parent, std::size_t index) -> void* { return &(*A::get(parent))[index]; },
                   [](void* parent) -> void* { return &A::get(parent)->emplace_back(); }};
}

}  // namespace hawser::config
