"""Problems in the forms that CI reads: GitHub's workflow commands, SARIF, GitLab's code quality. Pure: no file, no environment."""
