// Runs before the style sheets: no flash of the wrong theme. What the user chose on this device goes before the profile.
try {
  const root = document.documentElement, kept = (name) => localStorage.getItem(name);
  root.classList.add("js");
  if (kept("theme")) root.dataset.theme = kept("theme");
  if (kept("density") && !root.classList.contains("is-bare")) root.dataset.density = kept("density");
} catch { /* storage may be forbidden: the profile's choice stays */ }
