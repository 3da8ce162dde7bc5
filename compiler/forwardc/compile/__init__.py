"""The compiler: one YAML definition of a destination becomes what each vault needs."""
