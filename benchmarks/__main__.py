"""`python -m benchmarks`: the speed of the product; see README.md here."""

from benchmarks.speed import main

main()
