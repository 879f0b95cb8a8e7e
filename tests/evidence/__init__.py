"""How sure a figure is: held against textbooks, against other libraries, and against the truth of simulations."""
