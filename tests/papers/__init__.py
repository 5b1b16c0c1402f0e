"""Documents as shops have them, made for the tests: PDF, DOCX, XLSX, HTML, lists of questions."""
