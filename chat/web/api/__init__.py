"""JSON routes, and the submission of the form, which a page uses too."""
